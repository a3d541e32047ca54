//! What holds for every text, and for all bytes, however they were made. The fuzz targets run these with what libFuzzer
//! makes, and `tests/properties.rs` with what proptest makes.

mod json;
mod pragma;
mod schema;
mod types;
mod wire;

pub use json::json;
pub use pragma::pragma;
pub use schema::schema;
pub use types::types;
pub use wire::wire;
