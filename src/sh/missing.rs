//! The functions of degrees above LMAX. They are declared, so that whoever calls one is told how to
//! have it, not that there is no such name.

/// Declares the functions of one degree, behind a bound that no type meets: their callers fail to
/// compile, and `cargo check` finds it, with the message.
#[allow(unused_macros, reason = "at LMAX = 20 no degree is missing")]
macro_rules! missing {
    (
        $l:literal, $message:tt,
        $y:ident, $y_grad:ident, $y_hess:ident, $to:ident, $to_grad:ident, $to_unit:ident
    ) => {
        // Private, so that nobody else can implement the trait.
        mod $y {
            #[diagnostic::on_unimplemented(message = $message, label = "not in this build")]
            pub trait Built {}
        }
        missing!(@ $y, $y, [T; 2 * $l + 1]);
        missing!(@ $y, $y_grad, ([T; 2 * $l + 1], [[T; 2 * $l + 1]; 3]));
        missing!(@ $y, $y_hess, ([T; 2 * $l + 1], [[T; 2 * $l + 1]; 3], [[[T; 2 * $l + 1]; 3]; 3]));
        missing!(@ $y, $to, [T; ($l + 1) * ($l + 1)]);
        missing!(@ $y, $to_grad, ([T; ($l + 1) * ($l + 1)], [[T; ($l + 1) * ($l + 1)]; 3]));
        missing!(@ $y, $to_unit, [T; ($l + 1) * ($l + 1)]);
    };
    // With the type that the function would return, since another would be a second error.
    (@ $degree:ident, $name:ident, $values:ty) => {
        #[doc(hidden)]
        pub fn $name<T: $degree::Built>(_: [T; 3]) -> $values {
            unreachable!("no type is bounded so")
        }
    };
}

#[allow(unused_imports, reason = "as above")]
pub(super) use missing;
