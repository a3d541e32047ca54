//! Links the addon as Node expects it.

fn main() {
    napi_build::setup();
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux") {
        // See src/engine/out_of_memory.rs.
        println!("cargo:rustc-cdylib-link-arg=-Wl,--wrap=_ZN2v84base21FatalNoSecurityImpactEPKcz");
    }
}
