//! Servers under load, in turns, and the table of them.

use std::fmt::Write;
use std::io;

use super::load::{self, Sample, Target};
use super::rivals::Rivals;
use crate::run::{Folder, Stop};

/// Measures every server in every round; the section of the document.
pub(super) fn table(rounds: u32, seconds: u32, stop: &Stop) -> io::Result<String> {
    if !load::prepare() {
        return Err(io::Error::other("without wrk there is no load"));
    }
    let folder = Folder::make("bench")?;
    let rivals = Rivals::start(folder.path(), stop)?;
    let targets = rivals.targets();
    let mut samples: Vec<Vec<Sample>> = targets.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (target, samples) in targets.iter().zip(&mut samples) {
            if stop.is_asked() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let sample = load::run(target, load::CONNECTIONS, seconds)?;
            println!("round {round}: {} {:.0}/s {:.1} us", target.name, sample.requests_a_second, sample.micros);
            // The first round only warms up.
            if round > 0 {
                samples.push(sample);
            }
        }
    }
    Ok(written(&targets, &samples, rivals.left_out()))
}

fn written(targets: &[Target], samples: &[Vec<Sample>], left_out: &[String]) -> String {
    let mut text = String::from(
        "| | requests/s | of bare | CPU per request | of bare | p50 | p99 |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    let bare = &samples[0];
    for (target, samples) in targets.iter().zip(samples) {
        let of = |figure: fn(&Sample) -> f64| median(samples.iter().map(figure).collect());
        // Round by round: what slows the machine for a while slows both.
        let ratio =
            |figure: fn(&Sample) -> f64| median(samples.iter().zip(bare).map(|(one, bare)| figure(one) / figure(bare)).collect());
        // Writing to a String cannot fail.
        let _written = writeln!(
            text,
            "| {} | {:.0} | {:.2} | {:.1} µs | {:.2} | {:.2} ms | {:.2} ms |",
            target.name,
            of(|sample| sample.requests_a_second),
            ratio(|sample| sample.requests_a_second),
            of(|sample| sample.micros),
            ratio(|sample| sample.micros),
            of(|sample| sample.median),
            of(|sample| sample.p99),
        );
    }
    for what in left_out {
        let _written = writeln!(text, "\n{what}");
    }
    text
}

pub(super) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
