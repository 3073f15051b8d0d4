//! What is wrong with the specs is shown in them.

loss_macros::losses! { dir = "specs" }
