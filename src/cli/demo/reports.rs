//! Safety reports of the demo.

use super::facts::{JONAS, LEA, MIRA, NICO, TOM};

pub(super) struct DemoReport {
    /// The day and the minute of filing.
    pub(super) filed: (i32, i32),
    /// The minutes from the occurrence to the report.
    pub(super) age: i32,
    pub(super) member: usize,
    pub(super) kind: &'static str,
    pub(super) confidentiality: &'static str,
    pub(super) location: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    /// As the safety manager assesses it.
    pub(super) severity: &'static str,
    /// The statuses that the safety manager gives it, each with the days since it was filed.
    pub(super) course: &'static [(&'static str, i32)],
}

const THOROUGH: &[(&str, i32)] = &[("under_review", 1), ("corrective_action", 6), ("closed", 27)];
const SLOW: &[(&str, i32)] = &[("under_review", 3), ("corrective_action", 13), ("closed", 48)];
const SHORT: &[(&str, i32)] = &[("under_review", 2), ("closed", 5)];

const fn report(
    (filed, age, member): ((i32, i32), i32, usize),
    [kind, confidentiality, location]: [&'static str; 3],
    title: &'static str,
    description: &'static str,
    severity: &'static str,
    course: &'static [(&'static str, i32)],
) -> DemoReport {
    DemoReport { filed, age, member, kind, confidentiality, location, title, description, severity, course }
}

pub(super) static REPORTS: [DemoReport; 18] = [
    report(
        ((-113, 1_004), 190, LEA),
        ["hazard", "standard", "LSZH, runway 28"],
        "Bird activity at the end of runway 28",
        "A flock of starlings has settled near the end of runway 28. Two departures this week had to be held until the wildlife service had been there.",
        "minor",
        THOROUGH,
    ),
    report(
        ((-106, 1_121), 65, NICO),
        ["concern", "confidential", "LSGG"],
        "Fatigue on early duties after late arrivals",
        "On three occasions this month the minimum rest was met only on paper, since the hotel was forty minutes away. Crews come to work tired after late arrivals.",
        "major",
        SLOW,
    ),
    report(
        ((-101, 613), 45, TOM),
        ["observation", "standard", "LSZH, north apron"],
        "Fuel truck without a bonding cable",
        "The fuel truck at the north apron came without a bonding cable twice this week. The driver fetched one when asked to, and knew the procedure.",
        "minor",
        THOROUGH,
    ),
    report(
        ((-93, 887), 1_440, MIRA),
        ["audit_finding", "standard", "Skyline Aviation, maintenance control"],
        "Missing signatures in the technical log",
        "In a sample of forty pages of the technical log, three acceptance signatures by the commander were missing. All three flights were positioning flights.",
        "minor",
        SLOW,
    ),
    report(
        ((-86, 1_193), 150, NICO),
        ["near_miss", "standard", "LSGG, business aviation apron"],
        "Tug passed close to a wing tip",
        "While our Citation was being pushed back, a tug of another handler passed within about a metre of the left wing tip. The marshaller stopped both in time.",
        "major",
        THOROUGH,
    ),
    report(
        ((-78, 1_260), 310, LEA),
        ["near_miss", "confidential", "Geneva sector, flight level 220"],
        "Read-back of a wrong altitude",
        "The crew read back flight level 240 where 220 had been cleared. The controller corrected at once, and no separation was lost. Both pilots had been on duty for eleven hours.",
        "hazardous",
        THOROUGH,
    ),
    report(
        ((-71, 536), 30, TOM),
        ["concern", "standard", "Dispatch"],
        "Weather briefing sent before the last update",
        "The briefing package went to the crew twenty minutes before the terminal forecast was amended. The crew found out from the tower. There is no check after the package is sent.",
        "minor",
        THOROUGH,
    ),
    report(
        ((-64, 1_047), 205, LEA),
        ["incident", "standard", "LFMN, stand K4"],
        "Smoke smell in the cabin after start",
        "After the start of the second engine there was a smell of smoke in the cabin. The crew shut down and disembarked the passengers. Maintenance found oil residue from a washed engine.",
        "hazardous",
        THOROUGH,
    ),
    report(
        ((-57, 1_312), 420, NICO),
        ["observation", "standard", "LIRA"],
        "Good briefing of a nervous passenger",
        "The first officer noticed that a passenger was very nervous before departure and took the time to explain the noises of take-off. Worth passing on to the others.",
        "negligible",
        SHORT,
    ),
    report(
        ((-50, 932), 60, MIRA),
        ["audit_finding", "standard", "Fleet"],
        "First-aid kits past their date",
        "Two first-aid kits in the fleet were past their date of expiry by less than a month. They were exchanged during the audit.",
        "negligible",
        SHORT,
    ),
    report(
        ((-43, 1_146), 95, NICO),
        ["incident", "standard", "LSZB, runway 14"],
        "Tyre burst on landing",
        "The right outer main tyre burst during the landing roll. Directional control was kept and the aircraft stopped on the runway centre line. Fragments were collected.",
        "hazardous",
        SLOW,
    ),
    report(
        ((-36, 700), 240, LEA),
        ["hazard", "anonymous", "LSZS"],
        "Pressure to depart before the valley closes",
        "Before flights out of Samedan there is pressure from the client desk to leave although the wind is above our limit. No one has gone so far, but it is discussed on every such day.",
        "hazardous",
        SLOW,
    ),
    report(
        ((-29, 571), 75, JONAS),
        ["concern", "standard", "Fleet"],
        "Paper charts in two aircraft are out of date",
        "The backup charts in two aircraft are one cycle behind. The electronic ones are current. No one seems to be assigned to exchange the paper ones.",
        "minor",
        THOROUGH,
    ),
    report(
        ((-22, 1_221), 130, NICO),
        ["near_miss", "standard", "EGGW, taxiway B"],
        "Vehicle crossed in front of the aircraft",
        "A catering vehicle crossed the taxiway about thirty metres in front of us without stopping at the line. We braked hard; the passengers were still seated and belted.",
        "major",
        THOROUGH,
    ),
    report(
        ((-15, 448), 80, LEA),
        ["hazard", "standard", "LSZH, general aviation centre"],
        "Ice on the apron stairs",
        "The outside stairs to the general aviation centre were icy before seven in the morning and had not been treated. A passenger slipped, without injury.",
        "major",
        THOROUGH,
    ),
    report(
        ((-9, 1_090), 155, TOM),
        ["observation", "standard", "Dispatch"],
        "Two aircraft with similar tail numbers in one slot",
        "HB-JSA and HB-JSB left Zurich within ten minutes of each other to different places. The handler brought the catering of one to the other. It was noticed before the doors were closed.",
        "minor",
        &[("under_review", 1), ("corrective_action", 5)],
    ),
    report(
        ((-3, 1_036), 26, NICO),
        ["incident", "standard", "LSZB, taxiway A"],
        "Nose wheel steering stiff while taxiing",
        "On the way to the runway HB-FSG answered to the left pedal only with force. We stopped, shut down and had the aircraft towed back to the stand. The flight was not begun.",
        "major",
        &[("under_review", 1)],
    ),
    report(
        ((-1, 1_247), 185, LEA),
        ["hazard", "standard", "LSZA, final approach"],
        "Drone below the approach to runway 01",
        "On short final a small drone was seen below and to the left of us, about eighty metres away. We continued and informed the tower, which stopped two departures.",
        "major",
        &[("under_review", 3)],
    ),
];
