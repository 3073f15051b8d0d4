//! What is measured: losses, shapes, and numbers that `torch_jax.py` makes too, bit for bit.

/// A loss, by the name that it has in our specs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    L1,
    Mse,
    SmoothL1,
    Huber,
    BceWithLogits,
    HingeEmbedding,
    KlDiv,
    MarginRanking,
    CrossEntropy,
    Nll,
    CosineEmbedding,
}

/// A small batch, numbers that fit in the second cache, and in none.
const POINTWISE: &[&[usize]] = &[&[1_000], &[49_152], &[10_000_000]];
const CLASSES: &[&[usize]] = &[&[1024, 1000], &[64, 32_000], &[4096, 10], &[4, 21, 256, 256]];
const VECTORS: &[&[usize]] = &[&[8192, 128], &[1024, 4096]];

impl Loss {
    pub const ALL: [Self; 11] = [
        Self::L1,
        Self::Mse,
        Self::SmoothL1,
        Self::Huber,
        Self::BceWithLogits,
        Self::HingeEmbedding,
        Self::KlDiv,
        Self::MarginRanking,
        Self::CrossEntropy,
        Self::Nll,
        Self::CosineEmbedding,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::L1 => "l1",
            Self::Mse => "mse",
            Self::SmoothL1 => "smooth_l1",
            Self::Huber => "huber",
            Self::BceWithLogits => "bce_with_logits",
            Self::HingeEmbedding => "hinge_embedding",
            Self::KlDiv => "kl_div",
            Self::MarginRanking => "margin_ranking",
            Self::CrossEntropy => "cross_entropy",
            Self::Nll => "nll",
            Self::CosineEmbedding => "cosine_embedding",
        }
    }

    pub fn shapes(self) -> &'static [&'static [usize]] {
        match self {
            Self::L1
            | Self::Mse
            | Self::SmoothL1
            | Self::Huber
            | Self::BceWithLogits
            | Self::HingeEmbedding
            | Self::KlDiv
            | Self::MarginRanking => POINTWISE,
            Self::CrossEntropy => CLASSES,
            Self::Nll => &CLASSES[..1],
            Self::CosineEmbedding => VECTORS,
        }
    }
}

/// Which of the independent sequences of numbers.
#[derive(Clone, Copy)]
enum Stream {
    Input = 1,
    Other = 2,
    Labels = 3,
}

/// What goes in, in row-major order.
pub struct Batch {
    pub loss: Loss,
    pub shape: &'static [usize],
    /// Predictions, or the first of two.
    pub input: Vec<f32>,
    /// Targets that are numbers, or the second predictions; empty where there are none.
    pub other: Vec<f32>,
    /// Classes, signs, or 0 and 1; empty where there are none.
    pub labels: Vec<i64>,
}

impl Batch {
    pub fn new(loss: Loss, shape: &'static [usize]) -> Self {
        let elements = shape.iter().product();
        let reals = |stream, low, high| reals(stream, elements, low, high);
        let signs = |count| labels(count, 2).into_iter().map(|bit| 2 * bit - 1).collect();
        let (input, other, labels) = match loss {
            Loss::L1 | Loss::Mse | Loss::SmoothL1 | Loss::Huber => {
                (reals(Stream::Input, -3.0, 3.0), reals(Stream::Other, -3.0, 3.0), Vec::new())
            }
            Loss::BceWithLogits => (reals(Stream::Input, -3.0, 3.0), Vec::new(), labels(elements, 2)),
            Loss::HingeEmbedding => (reals(Stream::Input, 0.0, 3.0), Vec::new(), signs(elements)),
            Loss::KlDiv => (reals(Stream::Input, -6.0, 0.0), reals(Stream::Other, 0.01, 0.99), Vec::new()),
            Loss::MarginRanking => (reals(Stream::Input, -3.0, 3.0), reals(Stream::Other, -3.0, 3.0), signs(elements)),
            Loss::CrossEntropy => (reals(Stream::Input, -3.0, 3.0), Vec::new(), labels(elements / shape[1], shape[1])),
            Loss::Nll => (reals(Stream::Input, -6.0, 0.0), Vec::new(), labels(elements / shape[1], shape[1])),
            Loss::CosineEmbedding => {
                (reals(Stream::Input, -3.0, 3.0), reals(Stream::Other, -3.0, 3.0), signs(shape[0]))
            }
        };
        Self { loss, shape, input, other, labels }
    }

    /// The labels as those take them who want numbers.
    pub fn float_labels(&self) -> Vec<f32> {
        self.labels.iter().map(|&label| label as f32).collect()
    }

    /// Whether `other` is predicted too, so that both have a gradient.
    pub fn predicts_both(&self) -> bool {
        matches!(self.loss, Loss::MarginRanking | Loss::CosineEmbedding)
    }
}

/// A shape as it is written: `1024x1000`.
pub fn shape_name(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

fn reals(stream: Stream, count: usize, low: f32, high: f32) -> Vec<f32> {
    // The upper 24 bits are an `f32` without rounding.
    bits(stream, count).map(|bits| low + (high - low) * ((bits >> 40) as f32 / (1 << 24) as f32)).collect()
}

fn labels(count: usize, classes: usize) -> Vec<i64> {
    bits(Stream::Labels, count).map(|bits| ((bits >> 33) % classes as u64) as i64).collect()
}

/// SplitMix64 (Steele, Lea and Flood, 2014), by the place in the sequence.
fn bits(stream: Stream, count: usize) -> impl Iterator<Item = u64> {
    (0..count as u64).map(move |place| {
        let mut z = (((stream as u64) << 40) + place).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
