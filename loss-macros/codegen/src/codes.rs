//! The codes of diagnostics.

/// A diagnostic's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// AxesDoNotFit
    AxesDoNotFit,
    /// AxisNotCarried
    AxisNotCarried,
    /// BadAccumulate
    BadAccumulate,
    /// BadAxis
    BadAxis,
    /// BadAxisName
    BadAxisName,
    /// BadDefault
    BadDefault,
    /// BadDomain
    BadDomain,
    /// BadIgnore
    BadIgnore,
    /// BadLabel
    BadLabel,
    /// BadName
    BadName,
    /// BadNumber
    BadNumber,
    /// BadParam
    BadParam,
    /// BadReduction
    BadReduction,
    /// CycleOfSpecs
    CycleOfSpecs,
    /// DefaultOutsideDomain
    DefaultOutsideDomain,
    /// LabelAsNumber
    LabelAsNumber,
    /// MissingInputs
    MissingInputs,
    /// MissingOtherwise
    MissingOtherwise,
    /// NameDiffersFromFile
    NameDiffersFromFile,
    /// ReservedName
    ReservedName,
    /// ShadowedName
    ShadowedName,
    /// StaticArgument
    StaticArgument,
    /// TooManyAxes
    TooManyAxes,
    /// TooManyVariants
    TooManyVariants,
    /// TypeMismatch
    TypeMismatch,
    /// UnknownAxis
    UnknownAxis,
    /// UnknownFunction
    UnknownFunction,
    /// UnknownName
    UnknownName,
    /// UnusedName
    UnusedName,
    /// UsedOutsideGiven
    UsedOutsideGiven,
    /// WrongArity
    WrongArity,
}
