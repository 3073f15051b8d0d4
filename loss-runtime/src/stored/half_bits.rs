//! Conversions of half-precision numbers, by their bits.

use half::{bf16, f16};

/// A type of 16 bits, and how whole slices of it are converted: in plain operations on bits, one number after the other, which the compiler
/// makes vectors of for whichever instruction set the loop is compiled for. A NaN stays one; which, is left open.
pub(crate) trait Half: Copy {
    /// The same number.
    fn widened(self) -> f32;
    /// The nearest number; of two, the even one.
    fn rounded(number: f32) -> Self;
}

/// The bits of a NaN that are not the sign are more than these: those of infinity.
const INFINITY: u32 = f32::INFINITY.to_bits();
const SIGN: u32 = 1 << 31;

impl Half for bf16 {
    #[inline(always)]
    fn widened(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn rounded(number: f32) -> Self {
        let bits = number.to_bits();
        // Half a unit less a bit, and that bit if the last digit that stays is odd: a tie goes to the even one.
        let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
        let quiet = bits >> 16 | 1 << 6;
        Self::from_bits(if bits & !SIGN > INFINITY { quiet } else { nearest } as u16)
    }
}

/// How many exponents `f32` has more at either end.
const MORE_EXPONENTS: u32 = 127 - 15;

impl Half for f16 {
    #[inline(always)]
    fn widened(self) -> f32 {
        let bits = u32::from(self.to_bits());
        let digits = (bits & 0x7fff) << 13;
        let normal = digits + (MORE_EXPONENTS << 23);
        // A subnormal number lacks the leading digit. With one, it is too large by what that digit is worth. (A multiplication by a power of two
        // would do for both, but processors take a hundred times as long for one of a subnormal `f32`.)
        let leading = (MORE_EXPONENTS + 1) << 23;
        let subnormal = (f32::from_bits(digits + leading) - f32::from_bits(leading)).to_bits();
        let finite = if digits < 1 << 23 { subnormal } else { normal };
        let size = if digits >= 0x7c00 << 13 { digits | INFINITY } else { finite };
        f32::from_bits(size | (bits & 0x8000) << 16)
    }

    #[inline(always)]
    fn rounded(number: f32) -> Self {
        let (sign, size) = (number.to_bits() >> 16 & 0x8000, number.to_bits() & !SIGN);
        let nearest = size.wrapping_sub(MORE_EXPONENTS << 23).wrapping_add(0xfff + (size >> 13 & 1)) >> 13;
        // The last digit of 0.5 is the last one of a subnormal number: an addition rounds to it.
        let subnormal = (f32::from_bits(size) + 0.5).to_bits().wrapping_sub(0.5_f32.to_bits());
        let finite = if size >> 23 <= MORE_EXPONENTS { subnormal } else { nearest };
        let infinite = if size > INFINITY { 0x7e00 } else { 0x7c00 };
        let too_large = size >= (MORE_EXPONENTS + 31) << 23;
        Self::from_bits((sign | if too_large { infinite } else { finite }) as u16)
    }
}

#[cfg(test)]
mod tests {
    use half::{bf16, f16};

    use super::Half;

    fn agree(ours: f32, theirs: f32) -> bool {
        ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan()
    }

    #[test]
    fn all_numbers_of_16_bits_are_widened_and_rounded_back() {
        for bits in 0..=u16::MAX {
            let (b, h) = (bf16::from_bits(bits), f16::from_bits(bits));
            assert!(agree(b.widened(), b.to_f32()) && agree(h.widened(), h.to_f32()), "{bits:#x}");
            assert!(b.is_nan() || bf16::rounded(b.widened()) == b, "{bits:#x}");
            assert!(h.is_nan() || f16::rounded(h.widened()) == h, "{bits:#x}");
        }
    }

    #[test]
    fn rounding_is_to_nearest_and_ties_go_to_even() {
        // Every sign and exponent, with digits around the ties of either type, and some that are near none.
        for head in 0..1_u32 << 9 {
            for digits in
                [0, 0xfff, 0x1000, 0x1001, 0x2fff, 0x3000, 0x3001, 0x7fff, 0x8000, 0x8001, 0x17fff, 0x18000, 0x18001]
                    .into_iter()
                    .chain((0..1 << 23).step_by(4099))
                    .chain([0x7f_efff, 0x7f_f000, 0x7f_7fff, 0x7f_8000, 0x7f_ffff])
            {
                let number = f32::from_bits(head << 23 | digits);
                let (b, h) = (bf16::rounded(number), f16::rounded(number));
                let (b_theirs, h_theirs) = (bf16::from_f32(number), f16::from_f32(number));
                assert!(agree(b.to_f32(), b_theirs.to_f32()), "{number:e}: {b:?}, {b_theirs:?}");
                assert!(agree(h.to_f32(), h_theirs.to_f32()), "{number:e}: {h:?}, {h_theirs:?}");
            }
        }
    }
}
