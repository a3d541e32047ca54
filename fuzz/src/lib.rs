//! What holds for every text, however it was made. The fuzz targets run these with texts that libFuzzer makes, and
//! `tests/properties.rs` with texts that proptest makes.

mod json;
mod pragma;
mod schema;
mod types;

pub use json::json;
pub use pragma::pragma;
pub use schema::schema;
pub use types::types;
