//! Conditions on texts that contain another.

use sea_orm::ColumnTrait;
use sea_orm::sea_query::{BinOper, Expr, ExprTrait, Func, SimpleExpr};

use crate::text::{CaseFolds, case_folds};

/// The letters that are folded in a column at most: each is one more pass over the text of every row.
const MAX_FOLDS: usize = 40;

/// The column contains the text in whatever case, in every script, for texts in NFC.
///
/// An engine folds A to Z, or more by its locale. The other letters of the text are folded in the column one by one, those that
/// are one letter in either case: `ß` does not find `SS`, which a column of [folded](crate::text::folded) texts does.
pub fn contains(column: impl ColumnTrait, text: &str) -> SimpleExpr {
    let CaseFolds { text, variants } = case_folds(text);
    let lower = Expr::expr(Func::lower(column.into_expr()));
    let folded = variants.into_iter().take(MAX_FOLDS).fold(lower, |text, (variant, folded)| {
        let [variant, folded] = [variant, folded].map(|c| Expr::val(c.to_string()));
        Expr::expr(Func::cust("replace").args([text, variant, folded]))
    });
    like(folded, &text)
}

/// The column contains the text as it is.
pub(super) fn has(column: impl ColumnTrait, text: &str) -> SimpleExpr {
    like(column.into_expr(), text)
}

fn like(expr: SimpleExpr, text: &str) -> SimpleExpr {
    let pattern = Expr::val(pattern(text));
    expr.binary(BinOper::Like, pattern.binary(BinOper::Escape, Expr::Constant('\\'.into())))
}

/// The pattern of LIKE for a text anywhere, with a backslash before its special characters.
fn pattern(text: &str) -> String {
    format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
