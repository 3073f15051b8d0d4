//! The calls for second derivatives.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::super::info::step_text;
use super::{Face, ident};

impl Face<'_> {
    /// `curvature_into` and `grad_hess_into`, where every call has kernels for them.
    pub(super) fn curvature(&self) -> TokenStream {
        let Some(prediction) = self.prediction else { return TokenStream::new() };
        let (bounded, plain, method) = self.generics();
        let struct_name = &self.name;
        let names: Vec<Ident> = self.required.iter().map(|(_, input)| ident(&input.name)).collect();
        let types: Vec<TokenStream> = self
            .required
            .iter()
            .map(|(_, input)| if input.label.is_discrete() { quote!(Labels<'c>) } else { quote!(Tensor<'c, T>) })
            .collect();
        let name = &self.spec.inputs[usize::from(prediction.0)].name;
        let place = Literal::usize_unsuffixed(prediction.0.into());
        let exact = format!(
            "The second derivative of every element's loss with respect to `{name}`, into `curvature`: as long as `{name}`, and \
             scaled by the reduction as gradients are. At a knot it is that of the case that holds there."
        );
        let hess = match step_text(self.spec) {
            Some(step) => format!("`{step}`, which is declared in place of the second derivative"),
            None => "the second derivative".to_owned(),
        };
        let both = format!(
            "The gradient with respect to `{name}` into `grad`, and what a step of Newton's divides it by into `hess`, in one reading \
             of the inputs: {hess}. Both are as long as `{name}`, and scaled by the reduction."
        );
        quote! {
            impl #bounded #struct_name #plain {
                #[doc = #exact]
                ///
                /// # Errors
                /// Where a parameter, shape, label or buffer breaks its rule, and where the divisor is 0; nothing is written then.
                pub fn curvature_into #method(&'c self, #(#names: impl Into<#types>,)* curvature: &mut [T]) -> Result<(), Error> {
                    let call = self.call(#(#names.into()),*);
                    let mut request = Request::backward(self.reduction, Upstream::One);
                    request.curvature = Some((Curvature::Exact, curvature));
                    call.run(&Definition, request).map(drop)
                }

                #[doc = #both]
                ///
                /// # Errors
                /// As [`Self::curvature_into`]; nothing is written then.
                pub fn grad_hess_into #method(
                    &'c self, #(#names: impl Into<#types>,)* grad: &mut [T], hess: &mut [T],
                ) -> Result<(), Error> {
                    let call = self.call(#(#names.into()),*);
                    let mut request = Request::backward(self.reduction, Upstream::One);
                    request.gradients[#place] = Some(grad);
                    request.curvature = Some((Curvature::Step, hess));
                    call.run(&Definition, request).map(drop)
                }
            }
        }
    }
}
