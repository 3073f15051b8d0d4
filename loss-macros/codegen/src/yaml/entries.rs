//! The document and its declarations: inputs, parameters, definitions, reductions.

use crate::codes::Code;
use crate::diagnostic::Diagnostics;
use crate::document::{
    AxisEntry, DivisorEntry, Document, GuideEntry, InputEntry, LetEntry, ParamEntry, PyTorch, ReductionEntry,
};
use crate::source::Span;
use crate::yaml::fields::Fields;
use crate::yaml::keys;
use crate::yaml::node::{Node, NodeKind};
use crate::yaml::reader::Reader;

/// The document, unless something that it must have is missing or wrong; and all that is wrong.
pub(super) fn document(node: &Node) -> (Option<Document>, Diagnostics) {
    let mut reader = Reader { diagnostics: Diagnostics::new() };
    let document = whole(node, &mut reader);
    // What is wrong with a text that a comma cut short is a consequence of that.
    let cut: Vec<Span> =
        reader.diagnostics.iter().filter(|found| found.code == Code::CommaCutsText).map(|found| found.span).collect();
    let is_within = |span: Span| cut.iter().any(|cut| cut.start <= span.start && span.end <= cut.end);
    reader.diagnostics.retain(|found| found.code == Code::CommaCutsText || !is_within(found.span));
    (document, reader.diagnostics)
}

fn whole(node: &Node, reader: &mut Reader) -> Option<Document> {
    let fields = reader.fields(node, "spec", keys::SPEC)?;
    let name = fields.required_text(reader, "name");
    let summary = fields.required_text(reader, "summary");
    let guide = guide(&fields, reader);
    let reference = fields.require(reader, "reference").map(|node| reader.list(node, "reference", Reader::text));
    let pytorch = fields.get("pytorch").and_then(|node| reader.pytorch(node));
    let axes = fields.each(reader, "axes", Reader::axis);
    let inputs = fields.require(reader, "inputs").map(|node| reader.each(node, "inputs", Reader::input));
    let params = fields.each(reader, "params", Reader::param);
    let lets = fields.get("let").map(|node| reader.lets(node)).unwrap_or_default();
    let loss = fields.required_formula(reader, "loss");
    let reduction = fields.require(reader, "reduction").and_then(|node| reader.reduction(node));
    let curvature = fields.get("curvature").and_then(|node| reader.curvature(node));
    let hessian_products = fields.texts(reader, "hessian_products");
    let knots = fields.list(reader, "knots", Reader::knot);
    let surrogates = fields.list(reader, "surrogates", Reader::surrogate);
    let properties = fields.each(reader, "properties", Reader::property);
    let relations = fields.list(reader, "relations", Reader::relation);
    let examples = fields.list(reader, "examples", Reader::example);
    let differences = fields.list(reader, "differs_from_pytorch", Reader::difference);
    let accumulate = fields.text(reader, "accumulate");
    Some(Document {
        name: name?,
        summary: summary?,
        guide,
        reference: reference?,
        pytorch,
        axes,
        inputs: inputs?,
        params,
        lets,
        loss: loss?,
        reduction: reduction?,
        curvature,
        hessian_products,
        knots,
        surrogates,
        properties,
        relations,
        examples,
        differences,
        accumulate,
    })
}

fn guide(fields: &Fields<'_>, reader: &mut Reader) -> GuideEntry {
    GuideEntry {
        meaning: fields.text(reader, "meaning"),
        task: fields.text(reader, "task"),
        use_when: fields.text(reader, "use_when"),
        aliases: fields.each(reader, "aliases", |reader, node, library| Some(reader.list(node, library, Reader::text))),
    }
}

impl Reader {
    fn pytorch(&mut self, node: &Node) -> Option<PyTorch> {
        let fields = self.fields(node, "pytorch", keys::PYTORCH)?;
        let when = fields.text(self, "when");
        Some(PyTorch { function: fields.required_text(self, "function")?, when })
    }

    fn axis(&mut self, node: &Node, name: &str) -> Option<AxisEntry> {
        let fields = self.fields(node, name, keys::AXIS)?;
        Some(AxisEntry {
            meaning: fields.text(self, "meaning"),
            position: fields.text(self, "position"),
            like: fields.text(self, "like"),
            size: fields.ast(self, "size"),
        })
    }

    fn input(&mut self, node: &Node, name: &str) -> Option<InputEntry> {
        let fields = self.fields(node, name, keys::INPUT)?;
        let from = fields.text(self, "from");
        if from.is_none() {
            fields.require(self, "axes")?;
        }
        Some(InputEntry {
            from,
            axes: fields.get("axes").map(|_| fields.texts(self, "axes")),
            label: fields.text(self, "label"),
            gradient: fields.flag(self, "gradient"),
            domain: fields.ast(self, "domain"),
            ignore: fields.text(self, "ignore"),
            default: fields.text(self, "default"),
            optional: fields.flag(self, "optional"),
            broadcast: fields.texts(self, "broadcast"),
            meaning: fields.text(self, "meaning"),
        })
    }

    fn param(&mut self, node: &Node, name: &str) -> Option<ParamEntry> {
        let fields = self.fields(node, name, keys::PARAM)?;
        Some(ParamEntry {
            from: fields.text(self, "from"),
            kind: fields.text(self, "kind"),
            default: fields.text(self, "default"),
            values: fields.texts(self, "values"),
            domain: fields.ast(self, "domain"),
            gradient: fields.get("gradient").map(|node| node.span).filter(|_| fields.flag(self, "gradient")),
            optional: fields.flag(self, "optional"),
            meaning: fields.text(self, "meaning"),
        })
    }

    fn lets(&mut self, node: &Node) -> Vec<LetEntry> {
        let entries = self.entries(node, "let").unwrap_or_default();
        let mut lets = Vec::new();
        for (key, value) in entries {
            let head = self.head(key);
            let body = self.formula(value, key.as_str());
            if let (Some((name, arguments)), Some(body)) = (head, body) {
                lets.push(LetEntry { name, arguments, body });
            }
        }
        lets
    }

    fn reduction(&mut self, node: &Node) -> Option<ReductionEntry> {
        if let NodeKind::Scalar(word) = &node.kind {
            let example = match word.as_str() {
                word @ ("none" | "sum") => format!("{{ default: {word} }}"),
                _ => "{ default: mean, mean: elements }".to_owned(),
            };
            self.wrong_kind(node, "reduction", "a map").help(format!("write `reduction: {example}`"));
            return None;
        }
        let entries = self.entries(node, "reduction")?;
        let mut named = Vec::new();
        for (key, value) in entries.iter().filter(|(key, _)| key.as_str() != "default") {
            let divisor = self.divisor(value, key.as_str());
            named.extend(divisor.map(|divisor| (key.spanned(), divisor)));
        }
        // Every other key is free, so only the missing one is reported here.
        let default = entries.iter().find(|(key, _)| key.as_str() == "default").map(|(_, value)| value);
        let Some(default) = default else {
            let message = "`reduction` lacks the key `default`";
            self.diagnostics
                .error(Code::MissingKey, node.span, message)
                .help("add `default: mean`, or another of its reductions");
            return None;
        };
        Some(ReductionEntry { default: self.text(default, "default")?, named })
    }

    fn divisor(&mut self, node: &Node, name: &str) -> Option<DivisorEntry> {
        match &node.kind {
            NodeKind::Map(_) => {
                let fields = self.fields(node, name, keys::RATIO)?;
                let of = fields.formula(self, "of");
                Some(DivisorEntry::Ratio { of, over: fields.required_formula(self, "over")? })
            }
            NodeKind::Scalar(_) | NodeKind::List(_) => {
                let takes = "`elements`, `samples` or `{ over: formula }`";
                self.scalar(node, name, takes).map(|scalar| DivisorEntry::Word(scalar.spanned()))
            }
        }
    }
}
