//! What the report draws: curves along a line on which one number of one input varies.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::number::Number;

use super::Quantity;

/// Curves of value, gradient and curvature over one input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plot {
    /// What is on the horizontal axis.
    pub title: String,
    /// The parameters and what the other inputs are.
    pub variant: String,
    /// The places.
    pub x: Vec<Number>,
    /// The loss there.
    pub value: Vec<Number>,
    /// Its derivative there.
    pub gradient: Vec<Number>,
    /// Its second derivative there, which the oracle gives; NaN where there is none.
    pub curvature: Vec<Number>,
    /// Places at which the formula is not smooth.
    pub knots: Vec<PlotKnot>,
}

/// A marked place of a plot.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlotKnot {
    /// Where.
    pub x: Number,
    /// What it is.
    pub label: String,
}

/// Distances from the truth along a line, at places that are evenly spread by their exponents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorCurve {
    /// What is on the horizontal axis.
    pub title: String,
    /// The parameters and what the other inputs are.
    pub variant: String,
    /// `f32` or `f64`.
    pub dtype: String,
    /// Of what.
    pub quantity: Quantity,
    /// The places.
    pub x: Vec<Number>,
    /// The distance there, in units in the last place of the exact result.
    pub ulp: Vec<Number>,
}
