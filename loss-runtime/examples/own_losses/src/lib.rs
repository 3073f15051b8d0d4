//! Losses of our own, declared in `specs/`.
//!
//! ```
//! use own_losses::QuantileHuber;
//!
//! # fn main() -> Result<(), loss_runtime::Error> {
//! let (input, target) = ([0.0f32, 0.0], [2.0f32, -2.0]);
//! let mut gradient = [0.0; 2];
//! let value = QuantileHuber::new().tau(0.75).forward_backward(&input, &target, &mut gradient)?;
//! assert_eq!((value, gradient), (0.75, [-0.375, 0.125]));
//! # Ok(())
//! # }
//! ```
#![doc = loss_runtime::losses_table! { dir = "specs" }]

loss_runtime::losses! { dir = "specs" }
