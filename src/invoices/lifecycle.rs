//! The state machine: draft → sent → paid; an invoice without payments can become void.

use super::error::Error;
use super::model::{Invoice, Stage, Status};
use kit::day::Day;

/// The effect of a transition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum StageChange {
    /// The invoice has changed and must be written.
    Made,
    /// The invoice was in this stage already: the call is a repetition.
    None,
}

impl Invoice {
    /// Returns `Overdue` for a sent invoice past its due date, otherwise the stage.
    pub fn status(&self, today: Day) -> Status {
        match self.stage {
            Stage::Draft => Status::Draft,
            Stage::Sent if self.due_date < today => Status::Overdue,
            Stage::Sent => Status::Sent,
            Stage::Paid => Status::Paid,
            Stage::Void => Status::Void,
        }
    }

    /// Returns the sum of the lines' amounts in minor units.
    pub fn subtotal(&self) -> i64 {
        self.line_items.iter().map(|line| line.amount).sum()
    }

    /// Returns the unpaid amount in minor units.
    pub fn remaining(&self) -> i64 {
        self.total - self.amount_paid
    }

    /// Fails unless the invoice is a draft.
    pub(super) fn require_draft(&self) -> Result<(), Error> {
        if self.stage == Stage::Draft { Ok(()) } else { Err(Error::NotADraft(self.number.clone(), self.stage)) }
    }

    /// Sends a draft. An invoice that was sent or paid stays as it is; a total of 0 is paid at once.
    pub(super) fn send(&mut self) -> Result<StageChange, Error> {
        match self.stage {
            Stage::Draft if self.total == 0 => self.stage = Stage::Paid,
            Stage::Draft => self.stage = Stage::Sent,
            Stage::Sent | Stage::Paid => return Ok(StageChange::None),
            Stage::Void => return Err(Error::Void(self.number.clone())),
        }
        Ok(StageChange::Made)
    }

    /// Adds a payment of `amount` minor units.
    pub(super) fn pay(&mut self, amount: i64) -> Result<(), Error> {
        if self.stage != Stage::Sent {
            return Err(Error::NotPayable(self.number.clone(), self.stage));
        }
        if !(1..=self.remaining()).contains(&amount) {
            return Err(Error::TooMuch { number: self.number.clone(), remaining: self.remaining() });
        }
        self.amount_paid += amount;
        if self.remaining() == 0 {
            self.stage = Stage::Paid;
        }
        Ok(())
    }

    /// Voids an invoice without payments, also one that is paid because its total is 0. Its number is not used again.
    pub(super) fn void(&mut self) -> Result<StageChange, Error> {
        match self.stage {
            Stage::Void => Ok(StageChange::None),
            Stage::Draft | Stage::Sent | Stage::Paid if self.amount_paid == 0 => {
                self.stage = Stage::Void;
                Ok(StageChange::Made)
            }
            Stage::Draft | Stage::Sent | Stage::Paid => Err(Error::HasPayments(self.number.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::invoices::model::{Client, InvoiceId};
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    fn draft(total: i64) -> Invoice {
        Invoice {
            id: InvoiceId(uuid::Uuid::nil()),
            workspace: WorkspaceId(uuid::Uuid::nil()),
            number: "INV-2026-0001".to_owned(),
            client: Client { name: "Skyline".to_owned(), email: None },
            trip_id: None,
            currency: "EUR".parse().expect("a currency"),
            line_items: Vec::new(),
            total,
            amount_paid: 0,
            stage: Stage::Draft,
            due_date: "2026-11-23".parse().expect("a day"),
            notes: None,
            external_id: None,
            created_at: Time::FIRST,
            updated_at: Time::FIRST,
        }
    }

    #[test]
    fn sent_invoice_is_overdue_from_the_day_after_its_due_date() {
        let mut invoice = draft(1);
        assert_eq!(invoice.status(invoice.due_date.tomorrow()), Status::Draft);
        invoice.send().expect("a draft");
        assert_eq!(invoice.status(invoice.due_date), Status::Sent);
        assert_eq!(invoice.status(invoice.due_date.tomorrow()), Status::Overdue);
    }

    #[test]
    fn invoice_with_total_of_zero_is_paid_when_sent() {
        let mut invoice = draft(0);
        assert_eq!(invoice.send().ok(), Some(StageChange::Made));
        assert_eq!(invoice.stage, Stage::Paid);
        assert_eq!(invoice.send().ok(), Some(StageChange::None));
    }

    #[test]
    fn invoice_with_total_of_zero_can_be_voided_in_every_stage() {
        let mut sent = draft(0);
        sent.send().expect("a draft");
        assert!(matches!(sent.pay(1), Err(Error::NotPayable(_, Stage::Paid))));
        for mut invoice in [draft(0), sent] {
            assert_eq!(invoice.void().ok(), Some(StageChange::Made));
            assert_eq!((invoice.stage, invoice.void().ok()), (Stage::Void, Some(StageChange::None)));
            assert!(matches!(invoice.send(), Err(Error::Void(_))));
        }
    }

    #[test]
    fn partly_paid_invoice_cannot_be_voided() {
        let mut invoice = draft(10);
        invoice.send().expect("a draft");
        invoice.pay(1).expect("a payment");
        assert!(matches!(invoice.void(), Err(Error::HasPayments(_))));
        assert!(matches!(invoice.pay(10), Err(Error::TooMuch { remaining: 9, .. })));
        invoice.pay(9).expect("the rest");
        assert_eq!(invoice.stage, Stage::Paid);
        assert!(matches!(invoice.void(), Err(Error::HasPayments(_))));
    }

    proptest! {
        #[test]
        fn payments_and_stage_always_agree(total in 0..50_i64, steps in proptest::collection::vec((0..3_u8, -2..30_i64), 0..30)) {
            let mut invoice = draft(total);
            for (step, amount) in steps {
                let before = invoice.clone();
                let refused = match step {
                    0 => invoice.send().is_err(),
                    1 => invoice.pay(amount).is_err(),
                    _ => invoice.void().is_err(),
                };
                prop_assert!(!refused || invoice == before, "a refusal changes nothing");
                prop_assert!(before.stage == Stage::Draft || invoice.stage != Stage::Draft, "nothing becomes a draft again");
                let is_final = before.stage == Stage::Paid && total > 0;
                prop_assert!(!is_final || invoice == before, "paid is final");
                prop_assert!(before.stage != Stage::Void || invoice == before, "void is final");
                prop_assert!((0..=total).contains(&invoice.amount_paid));
                match invoice.stage {
                    Stage::Draft | Stage::Void => prop_assert_eq!(invoice.amount_paid, 0),
                    Stage::Sent => prop_assert!(invoice.remaining() > 0),
                    Stage::Paid => prop_assert_eq!(invoice.remaining(), 0),
                }
            }
        }
    }
}
