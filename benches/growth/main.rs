//! What is left of many cells, seen from Rust, without Node:
//! `cargo bench -p codecell-benches --bench growth -- --cells 50000`.
//!
//! Prints, as it goes, the resident size, what `malloc` has given out to anybody, and how much of that Rust holds. So
//! what grows can be told apart: Rust's, V8's, or what the allocator keeps for later.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss)]

#[path = "../exec_overhead/engine_design.rs"]
mod engine_design;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

use engine_design::Design;

const SCRIPT: &str = "text('ready')";
const STEPS: usize = 10;
const CELLS: usize = 50_000;

/// Counts what Rust holds.
struct Counting;

static RUST_BYTES: AtomicIsize = AtomicIsize::new(0);
static RUST_BLOCKS: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: usize, sign: isize) {
    RUST_BYTES.fetch_add(sign * bytes.cast_signed(), Ordering::Relaxed);
    RUST_BLOCKS.fetch_add(sign, Ordering::Relaxed);
}

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: see above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: see above.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Clone, Copy)]
struct Figures {
    resident: f64,
    given_out: f64,
    rust_bytes: f64,
    rust_blocks: f64,
}

impl Figures {
    fn now() -> Self {
        Self {
            resident: resident_bytes(),
            given_out: given_out(),
            rust_bytes: RUST_BYTES.load(Ordering::Relaxed) as f64,
            rust_blocks: RUST_BLOCKS.load(Ordering::Relaxed) as f64,
        }
    }
}

fn resident_bytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok()).unwrap_or(0.0) * 1024.0
}

/// What `malloc` has given out, to Rust and to V8, small blocks and large ones.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn given_out() -> f64 {
    // SAFETY: it takes nothing, and returns a struct of numbers.
    let info = unsafe { libc::mallinfo2() };
    (info.uordblks + info.hblkhd) as f64
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn given_out() -> f64 {
    f64::NAN
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let given = arguments.iter().position(|argument| argument == "--cells").map(|at| at + 1);
    let cells = given.and_then(|at| arguments.get(at)?.parse().ok()).unwrap_or(CELLS);
    let design = Design::new(0);
    println!(
        "{:>9} {:>12} {:>12} {:>12} {:>11}",
        "cells", "resident", "given out", "Rust holds", "in blocks"
    );
    let mut halfway = None;
    for step in 1..=STEPS {
        for _ in 0..cells / STEPS {
            design.exec(SCRIPT);
        }
        let figures = Figures::now();
        println!(
            "{:>9} {:>8.0} KiB {:>8.0} KiB {:>8.0} KiB {:>11}",
            step * (cells / STEPS),
            figures.resident / 1024.0,
            figures.given_out / 1024.0,
            figures.rust_bytes / 1024.0,
            figures.rust_blocks,
        );
        if step == STEPS / 2 {
            halfway = Some(figures);
        }
        if step == STEPS {
            print_growth(halfway.unwrap(), figures, (cells - cells / 2) as f64);
        }
    }
}

fn print_growth(from: Figures, to: Figures, cells: f64) {
    println!(
        "a cell of the second half: {:.1} bytes resident, {:.1} given out, {:.1} held by Rust in {:.2} blocks",
        (to.resident - from.resident) / cells,
        (to.given_out - from.given_out) / cells,
        (to.rust_bytes - from.rust_bytes) / cells,
        (to.rust_blocks - from.rust_blocks) / cells,
    );
}
