//! The calls whose gradient takes the place of the input that it is of.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::{Face, ident};
use crate::model::Input;

impl Face<'_> {
    /// `backward_in_place` and `forward_backward_in_place`, for the first input of whose gradient every row has its own part, if every call names it.
    pub(super) fn in_place(&self) -> TokenStream {
        let Some((place, input)) = self.required.iter().copied().find(|(_, input)| input.has_row_gradients()) else {
            return TokenStream::new();
        };
        let (bounded, plain, method) = self.generics();
        let struct_name = &self.name;
        let taken = ident(&input.name);
        let others: Vec<(usize, &Input)> = self.required.iter().copied().filter(|(other, _)| *other != place).collect();
        let names: Vec<Ident> = others.iter().map(|(_, input)| ident(&input.name)).collect();
        let call_without = self.call_of("call_without", &others);
        let place = Literal::usize_unsuffixed(place);
        // All required inputs in order, the one that is overwritten among them.
        let arguments = self.required.iter().map(|(_, input)| {
            let name = ident(&input.name);
            if name == taken {
                quote!(#name: impl Into<TensorMut<'c, T>>)
            } else if input.label.is_discrete() {
                quote!(#name: impl Into<Labels<'c>>)
            } else {
                quote!(#name: impl Into<Tensor<'c, T>>)
            }
        });
        let arguments: Vec<TokenStream> = arguments.collect();
        let name = &input.name;
        let what = format!(
            "The gradient with respect to `{name}`, given that of the reduced loss (or, if the reduction is `none`, of every element), \
             written over `{name}` itself: no second array of its size is needed."
        );
        let both = format!(
            "The reduced loss, and its gradient with respect to `{name}`, written over `{name}` itself. The same bits as \
             [`Self::forward_backward`] gives."
        );
        quote! {
            impl #bounded #struct_name #plain {
                #call_without

                #[doc = #what]
                ///
                /// # Errors
                /// As [`Self::backward`], and, of losses of whole rows, where an array has dimensions after the second axis; nothing is written then.
                pub fn backward_in_place #method(
                    &'c self,
                    #(#arguments,)*
                    upstream: impl Into<Upstream<'c, T, T::Compute>>,
                ) -> Result<(), Error> {
                    let call = self.call_without(#(#names.into()),*);
                    let request = Request::backward(self.reduction, upstream.into());
                    call.run_in_place(&Definition, request, #place, #taken.into()).map(drop)
                }

                #[doc = #both]
                ///
                /// # Errors
                /// As [`Self::forward_backward`], and, of losses of whole rows, where an array has dimensions after the second axis; nothing is written then.
                pub fn forward_backward_in_place #method(&'c self, #(#arguments),*) -> Result<T::Compute, Error> {
                    if self.reduction.is_none() {
                        return Err(Error::NotReduced);
                    }
                    let call = self.call_without(#(#names.into()),*);
                    let request = Request::value(self.reduction);
                    call.run_in_place(&Definition, request, #place, #taken.into()).and_then(Outcome::reduced)
                }
            }
        }
    }
}
