//! Every rule that a spec can break, with its code. `E00…` are of formula text, `E01…` of the file, `E02…` of names, `E03…` of axes
//! and types, `E04…` of declarations, `E05…` of claims, `E06…` of what is not supported yet; `W…` are warnings.

pub mod example;

/// Declares [`Code`] and its table from one list, so that no code can lack a text.
macro_rules! codes {
    ($($name:ident $id:literal $title:literal: $what:literal bad $bad:literal fix $fix:literal;)*) => {
        /// A rule that a spec can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $(#[doc = $title] $name,)*
        }

        impl Code {
            /// All codes, in the order of their ids.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// The id that is printed: `E0201`.
            pub fn id(self) -> &'static str {
                match self { $(Code::$name => $id),* }
            }

            /// The rule in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }

            /// What is wrong, a bad example and its repair.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$name => concat!($what, "\nBad: ", $bad, "\nFix: ", $fix)),* }
            }
        }
    };
}

codes! {
    EmptyFormula "E0001" "empty formula":
        "A formula must say something; a key without a value, or with blanks only, does not."
        bad "`loss:`" fix "`loss: abs(input - target)`, or leave the key out where it is optional";
    UnexpectedCharacter "E0002" "character that no formula holds":
        "Formulas are written with ASCII letters, digits and a few operators. Conditions use the words `and`, `or`, `not`; a power is `^`."
        bad "`a && b`, `x ** 2`" fix "`a and b`, `x^2`";
    NotAscii "E0003" "character outside ASCII in a formula":
        "Signs copied from a paper look like operators but are other characters."
        bad "`input − target`, `a ≤ b`" fix "`input - target`, `a <= b`";
    BadNumber "E0004" "malformed number":
        "A number begins and ends with a digit, has at most one point and one exponent, and does not run into a name."
        bad "`.5`, `1.`, `2x`" fix "`0.5`, `1.0`, `2 * x`";
    BadName "E0005" "malformed name":
        "A name begins with a small letter and holds small letters, digits and `_`."
        bad "`logInput`, `_eps`" fix "`log_input`, `eps`";
    UnexpectedInFormula "E0006" "formula that does not follow the grammar":
        "Something stands where the grammar allows something else: an operand or an operator is missing, or one too many is there."
        bad "`a + `, `a b`, `f(a,)`" fix "`a + b`, `a * b`, `f(a)`";
    EqualsSign "E0007" "single `=` where equality is meant":
        "A single `=` only names an argument of a call; equality is `==`."
        bad "`a = b`" fix "`a == b`";
    MixedChain "E0008" "chain of comparisons that does not point one way":
        "`a < b <= c` means `a < b and b <= c`. A chain that turns round, or holds `==` or `!=`, has no such reading."
        bad "`a < b > c`, `a == b == c`" fix "`a < b and c < b`, `a == b and b == c`";
    Unclosed "E0009" "bracket that is never closed":
        "Every `(` needs its `)` and every `[` its `]`."
        bad "`(a + b * c`" fix "`(a + b) * c`";
    MissingElse "E0010" "`if` without `else`":
        "A formula has a value at every place, so an `if` says what holds otherwise."
        bad "`if r > 0 then r`" fix "`if r > 0 then r else 0`";
    ReservedWord "E0011" "word of the language used as a name":
        "The words of the formula language cannot stand for values."
        bad "`then + 1`" fix "choose another name";
    AxisAsValue "E0012" "axis used as a value":
        "An axis is no number. Its extent is `size(C)`, the place on it `index(C)`."
        bad "`input / C`" fix "`input / size(C)`";
    BadArgument "E0013" "argument out of order":
        "A call lists its axes first, then arguments by position, then arguments by name, each name once."
        bad "`huber(delta = 1, input, target)`" fix "`huber(input, target, delta = 1)`";
    FormulaTooLarge "E0014" "formula nested too deeply or too large":
        "The parts of a formula may nest 100 deep and be 10000 in number."
        bad "hundreds of brackets within each other" fix "name the parts under `let`";

    Syntax "E0101" "not YAML":
        "The file does not follow the syntax of YAML. Most often text with `: ` in it, or text that begins with a special character, is not quoted, or an indentation is off."
        bad "`summary: note: this`" fix "`summary: \"note: this\"`";
    UnsupportedYaml "E0102" "YAML that specs do not use":
        "Specs use block and flow maps and lists, plain and quoted scalars and `|` blocks. Anchors, aliases, tags, folded scalars, `?` keys and document markers are left out, so that what is written is what is meant."
        bad "`input: &a { axes: [N] }`, `summary: >`" fix "write the value out";
    ManyLines "E0103" "scalar over several lines":
        "YAML folds the lines of a plain or quoted scalar into one. Specs keep such a scalar on one line; a `|` block keeps its lines. So a key that stands further right than the one above would be text of that one's value."
        bad "`loss: a +` and `b` on the next line" fix "`loss: |` with the lines indented below";
    CommentCutsFormula "E0104" "comment that cuts a formula short":
        "In YAML ` #` begins a comment, so whatever follows it in a plain scalar is no part of the formula."
        bad "`loss: a # b`" fix "quote the formula, or give the comment a line of its own";
    DuplicateKey "E0105" "key given twice":
        "Each key of a map stands once; of two, one would be lost without a word."
        bad "`{ when: a, when: b }`" fix "remove or rename one";
    UnknownKey "E0106" "unknown key":
        "Only the keys of the language have a meaning; another one is most often a slip."
        bad "`inptus:`" fix "`inputs:`";
    MissingKey "E0107" "missing key":
        "A spec needs `name`, `summary`, `reference`, `inputs`, `loss` and `reduction`, and some of its entries have keys that they need."
        bad "`pytorch: { when: always }`" fix "`pytorch: { function: l1_loss, when: always }`";
    WrongKind "E0108" "value of another kind":
        "Each key takes one kind of value: text, a list, a map, or `true` and `false`."
        bad "`reference: Huber, 1964`" fix "`reference: [ \"Huber, 1964\" ]`";
    BadCases "E0109" "malformed cases":
        "`cases` is a list of `{ when, value }`; the last entry, and no other, is `{ otherwise }`."
        bad "`- { when: a, otherwise: b }`" fix "`- { when: a, value: c }` and `- { otherwise: b }`";
    MissingOtherwise "E0110" "cases without `otherwise`":
        "A formula has a value at every place, so the last case is `otherwise`."
        bad "`cases: [ { when: \"r > 0\", value: r } ]`" fix "add `{ otherwise: 0 }` at the end";
    BadDefinition "E0111" "malformed head of a definition":
        "Under `let` stands a name, or a name with the names of its arguments in brackets."
        bad "`total(e + 1): sum(P, e)`" fix "`total(e): sum(P, e)`";
    BadLimit "E0112" "malformed limit":
        "A limit names a parameter and what it goes to."
        bad "`limit: beta = 0`" fix "`limit: \"beta -> 0\"`";
    BadData "E0113" "malformed number or word in an example":
        "Examples hold numbers, `nan`, `inf`, `-inf`, `true`, `false`, words of a choice, and lists of these."
        bad "`input: [.5, 1.2.3]`" fix "`input: [0.5, 1.2]`";
    CommaCutsText "E0114" "comma that cuts a text short":
        "Inside `{ }` and `[ ]` a comma ends a text without quotes, so whatever follows it would be a key or an item of its own."
        bad "`{ otherwise: max(a, b) }`" fix "`{ otherwise: \"max(a, b)\" }`";

    UnknownName "E0201" "unknown name":
        "A formula reads inputs, parameters, earlier definitions, `pi` and `inf`, and the words of choices."
        bad "`loss: abs(inptu)`" fix "`loss: abs(input)`, or declare the name";
    UnusedName "E0202" "name that nothing reads":
        "An input, parameter or definition that no formula reads is a slip, or should go."
        bad "`let: { r: input - target }` and `loss: abs(input)`" fix "use it, or remove it";
    ShadowedName "E0203" "name that is taken":
        "Each name of a spec stands for one thing."
        bad "`params: { input: {} }` beside an input `input`" fix "choose another name";
    ReservedName "E0204" "reserved name":
        "Words of the language, its functions, other specs and Rust's keywords cannot name anything in a spec."
        bad "`let: { exp: input }`" fix "choose another name";
    UnknownFunction "E0205" "unknown function or spec":
        "A call names a function of the language, a definition with arguments, or another spec."
        bad "`logsumexpp(C, input)`" fix "`logsumexp(C, input)`";
    CycleOfSpecs "E0206" "specs that call each other in a circle":
        "A call of a spec is expanded in place, which must come to an end."
        bad "`a` calls `b`, and `b` calls `a`" fix "write out the formula in one of them";
    NameDiffersFromFile "E0207" "name that differs from the file's":
        "A spec is found by its file, so `name` equals the file's stem."
        bad "`name: huber` in `l1.yaml`" fix "rename one of them";
    BadAxisName "E0208" "malformed name of an axis":
        "An axis begins with a capital letter and holds letters and digits."
        bad "`axes: [rows]`" fix "`axes: [N]`";

    BadOrigin "E0209" "`from` that leads nowhere":
        "`from` names an input or a parameter of another loss, by the loss alone where both have one name, and what is taken over reads only names that this spec has."
        bad "`delta: { from: hubber }`" fix "`delta: { from: huber }`, or `width: { from: huber.delta }`";

    UnknownAxis "E0301" "unknown axis":
        "An axis must be one of some input, or declared under `axes`."
        bad "`sum(D, input)` where no input has `D`" fix "reduce over an axis that exists";
    AxisNotCarried "E0302" "axis that the operand does not carry":
        "What is reduced, normalised or picked from must vary along the axis, or its `where` must."
        bad "`sum(C, target)` with `target: { axes: [N] }`" fix "`size(C) * target`";
    AxesDoNotFit "E0303" "axes that do not fit":
        "Indices compare with, and pick by, indices of the same axis or one like it; arguments must have the axes that are asked for."
        bad "`index(C) == index(D)`" fix "compare places of one axis";
    LabelAsNumber "E0304" "label used as a number":
        "A class index is a place, no quantity: it can be compared and can pick."
        bad "`2 * target`" fix "`weight[target]`";
    NumberAsLabel "E0305" "number used as a label":
        "Only an index can pick a place of an axis."
        bad "`input[0.5]`" fix "`input[target]`";
    TypeMismatch "E0306" "types that do not match":
        "Arithmetic takes reals, `and`, `or` and `not` take conditions, and the branches of an `if` have one type."
        bad "`1 + (a < b)`" fix "`1 + (if a < b then 1 else 0)`";
    WrongArity "E0307" "wrong number of arguments":
        "Each function takes a fixed number of axes and arguments."
        bad "`weigh(w)`" fix "`weigh(w, e)`";
    UnreachableCase "E0308" "case that is never reached":
        "The earlier cases hold wherever this one does."
        bad "`when: \"r > 0\"` above `when: \"r > 1\"`" fix "put the narrower case first";
    ChainBothWays "E0309" "name read before it is defined":
        "A definition reads only what stands above it."
        bad "`let: { a: b, b: a }`" fix "put the definitions in order";
    EqualityDecidesCase "E0310" "equality of reals that decides a case":
        "Two computed reals are equal by accident only; labels and parameters may be compared so."
        bad "`if r == 0 then a else b`" fix "`if r >= 0 then a else b`";
    UsedOutsideGiven "E0311" "optional thing used where it may be absent":
        "What may be absent is read only where `given` says that it is there."
        bad "`weight * r` with `weight: { optional: true }`" fix "`if given(weight) then weight * r else r`";
    TooManyVariants "E0312" "more than 64 variants":
        "Every combination of switches, choices and optional inputs is compiled separately."
        bad "seven switches" fix "make values that users tune `real`";
    StaticArgument "E0313" "static parameter without a constant":
        "A switch, a choice or an integer with `values` picks a formula, so a call gives it a constant or a static parameter of its own."
        bad "`kl_div(input, target, log_target = input > 0)`" fix "`kl_div(input, target, log_target = true)`";
    ArgumentOutsideDomain "E0314" "argument that a call does not take":
        "A loss means what it means for the labels and domains that it declares, and a norm for orders from 1 on. What calls them gives them nothing else, whatever it is given itself."
        bad "`huber(input, target, delta = beta)` with `beta: { domain: \"beta >= 0\" }`" fix "`beta: { from: huber.delta }`, or a `domain` as narrow, or `if beta > 0 then …`";

    MissingInputs "E0401" "no inputs":
        "A loss reads at least one input."
        bad "`inputs: {}`" fix "`inputs: { input: { axes: [N], gradient: true } }`";
    BadAxis "E0402" "malformed declaration of an axis":
        "An axis has a position `1`, `last` or `rest`, and may be `like` another one or have its `size`; no two claim one dimension. In an input's `axes`, `N` comes first."
        bad "`C: { position: first }`" fix "`C: { position: 1 }`";
    TooManyAxes "E0403" "too many axes":
        "A spec has at most eight axes."
        bad "nine axes" fix "fold axes that are always reduced together";
    BadLabel "E0404" "malformed label":
        "A label is one of those of the language, with its axis where it needs one."
        bad "`label: class`" fix "`label: class_index(C)`";
    BadParam "E0405" "malformed parameter":
        "A parameter is `real`, `integer`, `switch` or `choice`; `values` belong to a choice or an integer."
        bad "`{ kind: choice }`" fix "`{ kind: choice, values: [first, second] }`";
    BadDefault "E0406" "default of another kind":
        "A default has the kind of what it stands for."
        bad "`{ kind: switch, default: 1 }`" fix "`{ kind: switch, default: true }`";
    DefaultOutsideDomain "E0407" "default outside its domain":
        "A call that leaves the parameter out must be valid."
        bad "`{ default: 0.0, domain: \"eps > 0\" }`" fix "`{ default: 1e-6, domain: \"eps > 0\" }`";
    BadDomain "E0408" "malformed domain":
        "A domain is a condition on the thing itself and, if need be, on parameters."
        bad "`domain: \"0\"`" fix "`domain: \"beta > 0\"`";
    BadIgnore "E0409" "`ignore` that names no integer parameter":
        "`ignore` names an open integer parameter, whose value marks the rows to drop."
        bad "`ignore: -100`" fix "`ignore: ignore_index`";
    BadReduction "E0410" "malformed reduction":
        "A named reduction is `elements`, `samples` or `{ of, over }`; `none` and `sum` always exist; `default` names one of them all."
        bad "`{ default: avg, mean: elements }`" fix "`{ default: mean, mean: elements }`";
    OverReadsGradient "E0411" "divisor that reads an input with gradient":
        "The divisor is a constant for the gradient, so it reads inputs with `gradient: true` only through `loss` or `detach`."
        bad "`over: input`" fix "`over: detach(input)`";
    BadAccumulate "E0412" "malformed `accumulate`":
        "The only choice is `f64`."
        bad "`accumulate: f16`" fix "`accumulate: f64`, or leave it out";
    BadTask "E0415" "unknown task":
        "A task is `regression`, `classification`, `ranking`, `embedding` or `distributions`: the tables of losses are ordered by it."
        bad "`task: forecasting`" fix "`task: regression`, or leave it out";
    BadAlias "E0416" "alias that is no name":
        "The documentation is found by what other libraries call the loss, so an alias is a name: letters, digits, `_`, `.`, `:`, `-`, `+` and single blanks within."
        bad "`aliases: { torch: [ \"HuberLoss()\" ] }`" fix "`aliases: { torch: [ HuberLoss ] }`";

    BadKnot "E0501" "malformed knot":
        "A knot has an equation, a smoothness `jump`, `C0`, `C1` or `C2`, and at `C0` the gradient that is chosen there."
        bad "`{ at: \"r > 0\", smooth: C9 }`" fix "`{ at: \"r == 0\", smooth: C0, gradient: { input: 0 } }`";
    BadProperty "E0503" "malformed property":
        "Each property takes its own kind of value."
        bad "`convex_in: true`" fix "`convex_in: [ input ]`";
    BadRelation "E0504" "malformed relation":
        "A relation equates the loss with a formula over its names; the names under `with` are new, `up_to` and `limit` name existing ones."
        bad "`up_to: nothing`" fix "`up_to: target`";
    BadSurrogate "E0505" "malformed surrogate":
        "Every `straight_through` has a surrogate that names it, and every surrogate a `straight_through`."
        bad "`{ of: r, because: \"…\" }` where `r` is smooth" fix "name the definition that holds the `straight_through`";
    BadCurvature "E0506" "malformed curvature":
        "A term claims `exact`, `dominates`, `majorizes` or `positive`, and all but `exact` give a value. `step` names one of the terms."
        bad "`{ claim: bounds }`" fix "`{ claim: majorizes, value: \"1\" }`";
    ExampleShape "E0507" "example of the wrong shape":
        "The lists of an example nest as deep as the axes of the input, with lengths that agree."
        bad "`input: [1.0]` with `axes: [N, C]`" fix "`input: [[1.0]]`";
    ExampleDomain "E0508" "example that breaks a label or domain":
        "What is given must be valid, unless an error is what is expected."
        bad "`target: [2]` with `label: sign`" fix "`target: [1]`";
    ExampleUnknownName "E0509" "example that names something unknown":
        "`given` lists inputs and parameters; `expect` lists reductions, `gradient` and `error`."
        bad "`given: { inptu: [1.0] }`" fix "`given: { input: [1.0] }`";
    ExampleIncomplete "E0510" "example that lacks something":
        "An example gives every input and parameter without a default."
        bad "`given: { input: [1.0] }` where `target` has no default" fix "`given: { input: [1.0], target: [0.0] }`";

    BadHessianProduct "E0511" "malformed `hessian_products`":
        "It lists, each once, inputs with a gradient that vary along the rows."
        bad "`hessian_products: [ target ]`" fix "`hessian_products: [ input ]`";

    UnsupportedTwoAxes "E0601" "two axes are not supported yet":
        "So far a formula reduces over one axis beside the rows."
        bad "`sum(C, L, e)`" fix "wait for a later version";
    UnsupportedWholeBatch "E0602" "formulas over the whole batch are not supported yet":
        "So far a row is computed without seeing the others."
        bad "`sum(N, e)`, `M: { like: N }`" fix "wait for a later version";
    UnsupportedExtern "E0603" "hand-written kernels are not supported yet":
        "The form is reserved."
        bad "`loss: { extern: ctc }`" fix "wait for a later version";
    Unsupported "E0604" "not supported yet":
        "The language has it, this version of the compiler does not."
        bad "see the message" fix "see the message";

    ZeroTimesInfinity "W0001" "0 * inf can be reached":
        "A product whose factors can be 0 and infinite is NaN there."
        bad "`target * log(input)`" fix "`weigh(target, log(input))`";
    InfinityMinusInfinity "W0002" "inf - inf can be reached":
        "A difference of two infinities is NaN."
        bad "`log(p) - log(q)`" fix "narrow the domains";
    InfiniteDerivative "W0003" "infinite derivative can be reached":
        "`sqrt`, `norm` and powers below 1 have an infinite derivative at 0."
        bad "`sqrt(r^2)`" fix "`abs(r)`, or add a small constant";
    JumpInGradientInput "W0006" "jump in an input with gradient":
        "The loss is not continuous there, so a gradient says little."
        bad "`if input > 0 then 1 else 0`" fix "declare a knot with `smooth: jump` if it is meant";
    UndefinedValue "W0007" "undefined value can be reached":
        "Numbers that the declared domains admit make the loss NaN: 0/0, a logarithm or root of a negative number, and the like."
        bad "`log(input)` where `input` may be negative" fix "`domain: \"input > 0\"`, or another formula there";
    UndefinedGradient "W0008" "NaN in a gradient can be reached":
        "The loss is a number there and its gradient is NaN: a weight of 0 removes a part from the value, and not from the derivative with respect to that weight."
        bad "`sum(C, weigh(input, log(input / target)))` where both may be 0" fix "`sum(C where input > 0, input * log(input / target))`";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Code;

    #[test]
    fn ids_are_unique_and_sorted() {
        let ids: Vec<&str> = Code::ALL.iter().map(|code| code.id()).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.len() == 5 && (id.starts_with('E') || id.starts_with('W'))));
    }

    #[test]
    fn every_explanation_says_what_is_wrong_and_shows_an_example_and_a_fix() {
        for code in Code::ALL {
            assert!(!code.title().is_empty() && !code.title().ends_with('.'), "{code:?}");
            let parts: Vec<&str> = code.explanation().lines().collect();
            assert_eq!(parts.len(), 3, "{code:?}");
            assert!(parts[0].ends_with('.') && parts[0].len() > 10, "{code:?}");
            assert!(parts[1].len() > "Bad: ".len() + 2 && parts[2].len() > "Fix: ".len() + 2, "{code:?}");
        }
    }
}
