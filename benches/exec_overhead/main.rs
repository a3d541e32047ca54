//! What an exec costs beside the plain design, in one run: `cargo bench -p codecell-benches --bench exec_overhead`.
//!
//! Every sample runs in a process of its own, so that cold is cold and memory is one design's alone. The samples of
//! the two designs alternate. `-- --quick` takes fewer samples, `-- --json FILE` writes the figures down,
//! `-- --scenarios warm,sustained --tools 0,128` leaves out the others.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss)]

mod engine_design;
mod plain_design;

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use engine_design::Design;

const TOOL_COUNTS: [usize; 3] = [0, 32, 128];

const SCRIPT: &str = "text('ready')";

/// How the execs of a sample follow each other.
#[derive(Clone, Copy, PartialEq)]
enum Scenario {
    /// The first exec of the process.
    Cold,
    /// With a pause before each, so that an engine stands ready.
    Warm,
    /// Right after another one, before which there was a pause: while the pool is being refilled.
    Following,
    /// One after the other.
    Sustained,
}

impl Scenario {
    const ALL: [Self; 4] = [Self::Cold, Self::Warm, Self::Following, Self::Sustained];

    fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Warm => "warm",
            Self::Following => "following",
            Self::Sustained => "sustained",
        }
    }

    /// Warm-ups and measured execs of one sample.
    fn runs(self) -> (usize, usize) {
        match self {
            Self::Cold => (0, 1),
            Self::Warm | Self::Following => (20, 100),
            Self::Sustained => (50, 400),
        }
    }
}

/// Where the figures of one sample come from.
struct Sample {
    times: Vec<f64>,
    rss: f64,
}

fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0.0)
}

/// Runs one sample in this process, and prints it for the parent.
fn child(design: &str, scenario: Scenario, tools: usize) {
    let before = resident_kib();
    let started = Instant::now();
    let engine = (design == "engine").then(|| Design::new(tools));
    if engine.is_none() {
        plain_design::initialise();
    }
    let run = || match &engine {
        Some(engine) => engine.exec(SCRIPT),
        None => drop(plain_design::exec(SCRIPT, tools)),
    };
    let (warmups, runs) = scenario.runs();
    for _ in 0..warmups {
        run();
    }
    let mut times = Vec::new();
    for _ in 0..runs {
        if matches!(scenario, Scenario::Warm | Scenario::Following) {
            thread::sleep(Duration::from_millis(4));
        }
        if scenario == Scenario::Following {
            run();
        }
        let from = if scenario == Scenario::Cold { started } else { Instant::now() };
        run();
        times.push(from.elapsed().as_secs_f64() * 1e6);
    }
    let times: Vec<_> = times.iter().map(|time| format!("{time:.1}")).collect();
    println!("{} {}", resident_kib() - before, times.join(" "));
}

fn sample(design: &str, scenario: Scenario, tools: usize) -> Sample {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--child", design, scenario.name(), &tools.to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().unwrap());
    Sample { rss: numbers.next().unwrap(), times: numbers.collect() }
}

#[derive(Clone)]
struct Figures {
    samples: usize,
    mean: f64,
    p50: f64,
    p95: f64,
    rss_p50: f64,
    rss_max: f64,
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

fn figures(samples: &[Sample]) -> Figures {
    let mut times: Vec<f64> = samples.iter().flat_map(|sample| sample.times.iter().copied()).collect();
    let mut rss: Vec<f64> = samples.iter().map(|sample| sample.rss).collect();
    times.sort_by(f64::total_cmp);
    rss.sort_by(f64::total_cmp);
    Figures {
        samples: samples.len(),
        mean: times.iter().sum::<f64>() / times.len() as f64,
        p50: percentile(&times, 50),
        p95: percentile(&times, 95),
        rss_p50: percentile(&rss, 50),
        rss_max: *rss.last().unwrap(),
    }
}

fn row(design: &str, scenario: Scenario, tools: usize, figures: &Figures) {
    let (warmups, runs) = scenario.runs();
    println!(
        "{:<10} {:<7} {tools:>5} {:>7} {warmups:>7} {runs:>5} {:>8.3} ms {:>8.3} ms {:>8.3} ms {:>7.2} MiB {:>7.2} MiB",
        scenario.name(),
        design,
        figures.samples,
        figures.mean / 1000.0,
        figures.p50 / 1000.0,
        figures.p95 / 1000.0,
        figures.rss_p50 / 1024.0,
        figures.rss_max / 1024.0,
    );
}

/// What follows an option.
fn value_of<'a>(arguments: &'a [String], option: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|argument| argument == option)?;
    let value = arguments.get(at + 1).filter(|value| !value.starts_with("--"));
    Some(value.unwrap_or_else(|| panic!("{option} needs a value")))
}

/// Those of `all` that the list after an option names, or all of them without it.
fn chosen<T: Copy>(all: &[T], name: impl Fn(T) -> String, list: Option<&str>) -> Vec<T> {
    let Some(list) = list else { return all.to_vec() };
    let find = |wanted| all.iter().copied().find(|one| name(*one) == wanted);
    let known = || all.iter().map(|one| name(*one)).collect::<Vec<_>>().join(", ");
    let choose = |wanted| find(wanted).unwrap_or_else(|| panic!("“{wanted}” is none of {}", known()));
    list.split(',').map(choose).collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--child") {
        let scenario =
            Scenario::ALL.into_iter().find(|scenario| scenario.name() == arguments[at + 2]).unwrap();
        child(&arguments[at + 1], scenario, arguments[at + 3].parse().unwrap());
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let scenarios = value_of(&arguments, "--scenarios");
    let scenarios = chosen(&Scenario::ALL, |scenario| scenario.name().to_owned(), scenarios);
    let tool_counts = chosen(&TOOL_COUNTS, |tools| tools.to_string(), value_of(&arguments, "--tools"));
    let file = value_of(&arguments, "--json");
    println!(
        "scenario   design  tools samples warmups iters   mean/exec    p50/exec    p95/exec    rssΔ p50    rssΔ max"
    );
    let mut json = serde_json::Map::new();
    for scenario in scenarios {
        let samples = match (quick, scenario) {
            (true, Scenario::Cold) => 5,
            (true, _) => 2,
            (false, Scenario::Cold) => 15,
            (false, _) => 5,
        };
        let mut taken: Vec<_> = tool_counts.iter().map(|&tools| (tools, Vec::new(), Vec::new())).collect();
        for _ in 0..samples {
            for (tools, plain, engine) in &mut taken {
                plain.push(sample("plain", scenario, *tools));
                engine.push(sample("engine", scenario, *tools));
            }
        }
        let mut without_tools = None;
        for (tools, plain, engine) in taken {
            let (plain, engine) = (figures(&plain), figures(&engine));
            row("plain", scenario, tools, &plain);
            row("engine", scenario, tools, &engine);
            println!(
                "{:<10} ratio of means {:.2}, of medians {:.2}",
                "",
                engine.mean / plain.mean,
                engine.p50 / plain.p50
            );
            let name = format!("{} exec with {tools} tools, engine to plain design", scenario.name());
            // One after the other, some execs find an engine ready and others wait for one. Only the mean knows both.
            let ratio = match scenario {
                Scenario::Sustained => engine.mean / plain.mean,
                _ => engine.p50 / plain.p50,
            };
            json.insert(name, ratio.into());
            if tools == 0 {
                without_tools = Some(engine.p50);
            } else if let Some(without_tools) = without_tools {
                let to_none = engine.p50 / without_tools;
                println!("{:<10} to the engine without tools {to_none:.2}", "");
                json.insert(
                    format!("{} exec with {tools} tools to none, engine", scenario.name()),
                    to_none.into(),
                );
            }
        }
    }
    if let Some(file) = file {
        std::fs::write(file, serde_json::to_string_pretty(&json).unwrap() + "\n").unwrap();
    }
}
