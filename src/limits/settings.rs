//! Names and values of the limits, and the syntax of `--limits`.

use std::str::FromStr;
use std::time::Duration;

kit::string_enum! {
    /// A limit or quota that an operator can set.
    Limit as Limit {
        /// Reads of one member in a minute.
        MemberReads = "member-reads",
        /// Writes of one member in a minute.
        MemberWrites = "member-writes",
        /// Requests of one member in a minute that revoke access.
        MemberRevocations = "member-revocations",
        /// Safety reports of one member in an hour.
        MemberReports = "member-reports",
        /// Reads of a workspace's members in a minute; its administrators have a limit of the same size.
        WorkspaceReads = "workspace-reads",
        /// Writes of a workspace's members in a minute; its administrators have a limit of the same size.
        WorkspaceWrites = "workspace-writes",
        /// Writes with all keys of a workspace in a minute.
        KeyWrites = "key-writes",
        /// Bytes stored for a workspace in a day.
        StoredBytes = "stored-bytes",
        /// Active keys of a workspace.
        ActiveKeys = "active-keys",
        /// Keys created by a workspace in a day, rotations included.
        NewKeys = "new-keys",
        /// Members of a workspace, invited ones included.
        Members = "members",
        /// Open invitations of a workspace.
        Invitations = "invitations",
        /// Running exports of a workspace.
        Exports = "exports",
        /// Running exports of a node.
        NodeExports = "node-exports",
        /// Time limit of an export in minutes.
        ExportMinutes = "export-minutes",
        /// Calls of a workspace that wait for changes, on a node.
        WaitingReaders = "waiting-readers",
        /// Calls that wait for changes on a node.
        NodeWaitingReaders = "node-waiting-readers",
        /// Running verifications of whole audit logs on a node.
        NodeChainChecks = "node-chain-checks",
    }
}

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

impl Limit {
    pub const fn default_value(self) -> u64 {
        match self {
            Self::MemberReads => 600,
            Self::MemberWrites => 120,
            Self::MemberRevocations => 3_000,
            Self::MemberReports => 20,
            Self::WorkspaceReads | Self::KeyWrites => 6_000,
            Self::WorkspaceWrites => 1_200,
            Self::StoredBytes => 2 << 30,
            Self::ActiveKeys | Self::NewKeys => 10_000,
            Self::Members | Self::WaitingReaders => 1_000,
            Self::Invitations => 200,
            Self::NodeWaitingReaders => 5_000,
            Self::Exports => 50,
            Self::NodeExports => 100,
            Self::ExportMinutes => 60,
            Self::NodeChainChecks => 2,
        }
    }

    /// Returns the time in which a rate is counted.
    pub(super) const fn window(self) -> Duration {
        match self {
            Self::MemberReports => Duration::from_hours(1),
            Self::StoredBytes | Self::NewKeys => DAY,
            _ => MINUTE,
        }
    }

    pub(super) const fn index(self) -> usize {
        self as usize
    }

    const fn is_rate(self) -> bool {
        matches!(
            self,
            Self::MemberReads
                | Self::MemberWrites
                | Self::MemberRevocations
                | Self::MemberReports
                | Self::WorkspaceReads
                | Self::WorkspaceWrites
                | Self::KeyWrites
        )
    }

    const fn max_value(self) -> u64 {
        if self.is_rate() { 1_000_000_000 } else { 1 << 50 }
    }
}

/// The limits of a node; `None` is no limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings([Option<u64>; Limit::ALL.len()]);

impl Default for Settings {
    fn default() -> Self {
        let mut figures = [None; Limit::ALL.len()];
        for limit in Limit::ALL {
            figures[limit.index()] = Some(limit.default_value());
        }
        Self(figures)
    }
}

impl Settings {
    pub const fn unlimited() -> Self {
        Self([None; Limit::ALL.len()])
    }

    pub const fn get(&self, limit: Limit) -> Option<u64> {
        self.0[limit.index()]
    }

    #[must_use]
    pub const fn with(mut self, limit: Limit, figure: Option<u64>) -> Self {
        self.0[limit.index()] = figure;
        self
    }
}

impl FromIterator<Setting> for Settings {
    fn from_iter<T: IntoIterator<Item = Setting>>(settings: T) -> Self {
        settings.into_iter().fold(Self::default(), |all, Setting { limit, figure }| all.with(limit, figure))
    }
}

/// One `NAME=FIGURE` of `--limits`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Setting {
    limit: Limit,
    figure: Option<u64>,
}

impl FromStr for Setting {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, figure) = text.split_once('=').ok_or("expected NAME=FIGURE, such as member-writes=240")?;
        let limit: Limit = name.trim().parse().map_err(|_| {
            let names: Vec<_> = Limit::ALL.iter().map(|limit| limit.as_str()).collect();
            format!("there is no limit “{name}”; there are {}", names.join(", "))
        })?;
        let figure = match figure.trim() {
            "none" => None,
            figure => Some(whole(limit, figure)?),
        };
        Ok(Self { limit, figure })
    }
}

/// Parses a whole number from 1, for bytes also with a unit.
fn whole(limit: Limit, text: &str) -> Result<u64, String> {
    let units: &[(&str, u64)] =
        if limit == Limit::StoredBytes { &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)] } else { &[] };
    let unit = units.iter().find_map(|(unit, bytes)| text.strip_suffix(unit).map(|digits| (digits.trim_end(), *bytes)));
    let (digits, unit) = unit.unwrap_or((text, 1));
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    let largest = limit.max_value();
    number
        .filter(|number| (1..=largest).contains(number))
        .ok_or_else(|| format!("{limit}: expected a whole number from 1 to {largest}, or none for no limit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_set_by_name_and_others_keep_their_defaults() {
        let settings: Settings = ["member-writes=240", "stored-bytes=5 GiB", "exports=none"]
            .map(|text| text.parse().expect("a setting"))
            .into_iter()
            .collect();
        assert_eq!(settings.get(Limit::MemberWrites), Some(240));
        assert_eq!(settings.get(Limit::StoredBytes), Some(5 << 30));
        assert_eq!(settings.get(Limit::Exports), None);
        assert_eq!(settings.get(Limit::MemberReads), Some(600));
    }

    #[test]
    fn invalid_setting_is_refused_with_a_hint() {
        for (text, hint) in [
            ("member-writes", "NAME=FIGURE"),
            ("member-write=1", "member-writes, "),
            ("member-writes=0", "from 1"),
            ("member-writes=-1", "from 1"),
            ("member-writes=2GiB", "from 1"),
            ("member-writes=4294967296", "from 1"),
            ("stored-bytes=99999999TiB", "from 1"),
        ] {
            let refused = text.parse::<Setting>().expect_err(text);
            assert!(refused.contains(hint), "{refused}");
        }
    }
}
