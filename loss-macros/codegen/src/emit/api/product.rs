//! The calls for Hessian-vector products.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::{Face, ident};
use crate::expr::InputId;
use crate::model::Spec;

/// The method that gives the product in an input: `hessian_vector_into`, or with the input's name in it where there are several.
pub(crate) fn hessian_vector_method(spec: &Spec, of: InputId) -> String {
    match spec.hessian_products.as_slice() {
        [_] => "hessian_vector_into".to_owned(),
        _ => format!("hessian_vector_{}_into", spec.inputs[usize::from(of.0)].name),
    }
}

impl Face<'_> {
    /// A method for each input in which the spec asks for products.
    pub(super) fn products(&self) -> TokenStream {
        let methods = self.spec.hessian_products.iter().map(|&of| self.product(of));
        let (bounded, plain, _) = self.generics();
        let struct_name = &self.name;
        let methods: Vec<TokenStream> = methods.collect();
        if methods.is_empty() {
            return TokenStream::new();
        }
        quote!(impl #bounded #struct_name #plain { #(#methods)* })
    }

    fn product(&self, of: InputId) -> TokenStream {
        // An upstream gradient by place, the direction and the product are lent for one time.
        let lifetimes = if self.optional.is_empty() { quote!(<'c, 'g, T: Stored + 'g>) } else { quote!(<'c, 'g>) };
        let bound = if self.optional.is_empty() { quote!() } else { quote!(where T: 'g) };
        let names: Vec<Ident> = self.required.iter().map(|(_, input)| ident(&input.name)).collect();
        let types = self
            .required
            .iter()
            .map(|(_, input)| if input.label.is_discrete() { quote!(Labels<'c>) } else { quote!(Tensor<'c, T>) });
        let name = &self.spec.inputs[usize::from(of.0)].name;
        let place = Literal::usize_unsuffixed(of.0.into());
        let method_name = ident(&hessian_vector_method(self.spec, of));
        let says = format!(
            "The Hessian with respect to `{name}` times `direction`, into `product`: how the gradient with respect to `{name}` moves as \
             `{name}` moves along `direction`, to first order, the other inputs at rest."
        );
        let formula = format!(
            "```text\nproduct = upstream * d/dh gradient({name} + h * direction) at h = 0\n```\n\nRows are independent, so it is row by row, \
             and no Hessian is made. It is linear in `direction` and in `upstream`, is scaled by the reduction as gradients are, and is +0 in \
             rows that are left out. At a knot it is that of the case that holds there."
        );
        let shape = format!(
            "`direction` and `product` lie in memory as `{name}` does: of its length, with its gaps between rows."
        );
        let errors = "Where a parameter, shape, label, the direction or the buffer breaks its rule, and where the divisor is 0; nothing is \
                      written then.";
        quote! {
            #[doc = #says]
            ///
            #[doc = #formula]
            ///
            /// # Shape
            #[doc = #shape]
            ///
            /// # Errors
            #[doc = #errors]
            pub fn #method_name #lifetimes(
                &'c self,
                #(#names: impl Into<#types>,)*
                upstream: impl Into<Upstream<'g, T, T::Compute>>,
                direction: &'g [T],
                product: &'g mut [T],
            ) -> Result<(), Error> #bound {
                let call = self.call(#(#names.into()),*);
                let mut request = Request::backward(self.reduction, upstream.into());
                request.product = Some(HessianProduct { input: #place, direction, product });
                call.run(&Definition, request).map(drop)
            }
        }
    }
}
