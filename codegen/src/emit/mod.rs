//! Code from programs and tables. Each emitter is a room of its own; [`rust`] writes what the
//! `tesseral` crate includes.

pub mod rounding;
pub mod rust;
