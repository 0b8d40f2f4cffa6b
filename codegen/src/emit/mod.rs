//! Code from programs and tables. Each emitter is a room of its own; [`rust`] writes what the
//! `tesseral` crate includes, [`javascript`] and [`mathml`] what its gallery shows.

pub mod javascript;
pub mod mathml;
pub mod rounding;
pub mod rust;
