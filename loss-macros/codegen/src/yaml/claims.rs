//! What a spec claims of its loss: curvature, knots, surrogates, properties, relations.

use crate::document::{CurvatureEntry, CurvatureTerm, KnotEntry, PropertyEntry, RelationEntry, SurrogateEntry};
use crate::yaml::keys;
use crate::yaml::node::{Node, NodeKind};
use crate::yaml::reader::Reader;

impl Reader {
    pub(super) fn curvature(&mut self, node: &Node) -> Option<CurvatureEntry> {
        let fields = self.fields(node, "curvature", keys::CURVATURE)?;
        let of = fields.required_text(self, "of");
        let terms = fields.require(self, "terms").map(|terms| self.each(terms, "terms", Self::curvature_term));
        let step = fields.text(self, "step");
        Some(CurvatureEntry { of: of?, terms: terms?, step })
    }

    fn curvature_term(&mut self, node: &Node, name: &str) -> Option<CurvatureTerm> {
        let fields = self.fields(node, name, keys::TERM)?;
        let claim = fields.required_text(self, "claim");
        let value = fields.formula(self, "value");
        let when = fields.ast(self, "when");
        Some(CurvatureTerm { claim: claim?, value, when })
    }

    pub(super) fn knot(&mut self, node: &Node, what: &str) -> Option<KnotEntry> {
        let fields = self.fields(node, what, keys::KNOT)?;
        let at = fields.required_ast(self, "at");
        let when = fields.ast(self, "when");
        let smooth = fields.required_text(self, "smooth");
        let gradient = fields.each(self, "gradient", Reader::ast);
        let because = fields.text(self, "because");
        Some(KnotEntry { at: at?, when, smooth: smooth?, gradient, because, carried_from: None })
    }

    pub(super) fn surrogate(&mut self, node: &Node, what: &str) -> Option<SurrogateEntry> {
        let fields = self.fields(node, what, keys::SURROGATE)?;
        let of = fields.required_text(self, "of");
        let because = fields.required_text(self, "because");
        Some(SurrogateEntry { of: of?, because: because? })
    }

    /// An axis, as in `shift_invariant_in: { input: C }`, is read as a name.
    pub(super) fn property(&mut self, node: &Node, name: &str) -> Option<PropertyEntry> {
        match &node.kind {
            NodeKind::Scalar(_) => self.ast_or_axis(node, name).map(PropertyEntry::Formula),
            NodeKind::List(_) => Some(PropertyEntry::List(self.list(node, name, Self::ast_or_axis))),
            NodeKind::Map(_) => Some(PropertyEntry::Map(self.each(node, name, Self::ast_or_axis))),
        }
    }

    pub(super) fn relation(&mut self, node: &Node, what: &str) -> Option<RelationEntry> {
        let fields = self.fields(node, what, keys::RELATION)?;
        let equals = fields.required_ast(self, "equals");
        let when = fields.ast(self, "when");
        let limit = fields.get("limit").and_then(|limit| self.limit(limit, "limit"));
        let with = fields.each(self, "with", Reader::ast);
        let up_to = fields.text(self, "up_to");
        let because = fields.text(self, "because");
        Some(RelationEntry { equals: equals?, when, limit, with, up_to, because })
    }
}
