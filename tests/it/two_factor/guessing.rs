//! Guessing codes.

use std::time::Duration;

use kit::clock::Time;
use kit::random::Random;
use planeconnection::auth::factors::TotpSecret;

use super::{Protected, challenge, complete, protected};

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test]
async fn fifty_wrong_codes_an_hour_are_refused_and_then_the_right_one_too() {
    let Protected { t, app, backup_codes, .. } = protected().await;
    let mut open = String::new();
    for number in 0..50 {
        if number % 5 == 0 {
            open = challenge(&t).await;
            t.advance(Duration::from_secs(90)).await;
        }
        complete(&t, &open, &app.wrong(&t)).await.is(401).code("TWO_FACTOR_INVALID");
    }
    open = challenge(&t).await;
    let limited = complete(&t, &open, &app.code(&t, 0)).await.is(429).code("RATE_LIMITED");
    // The first five are 13 and a half minutes old.
    let wait = limited.header("retry-after").parse::<u64>().expect("seconds");
    assert_eq!(wait, HOUR.as_secs() - 810 + 1);
    complete(&t, &open, &backup_codes[0]).await.is(429);
    t.advance(Duration::from_secs(wait)).await;
    let open = challenge(&t).await;
    complete(&t, &open, &app.code(&t, 0)).await.is(200);
    for _ in 0..5 {
        complete(&t, &challenge(&t).await, &app.wrong(&t)).await.is(401).code("TWO_FACTOR_INVALID");
    }
    complete(&t, &challenge(&t).await, &backup_codes[0]).await.is(429);
    assert!(t.number("SELECT COUNT(*) FROM failed_codes").await <= 55);
    t.advance(HOUR).await;
    planeconnection::auth::factors::forget_old_challenges(&t.app).await.expect("a database");
    assert_eq!(t.number("SELECT COUNT(*) FROM failed_codes").await, 0);
}

/// A guess succeeds with a probability of three in a million: as many codes are accepted at a time. Of 200,000 guesses, each at
/// another time, 0.6 succeed on average; more than six would be a chance of one in a million.
#[test]
fn guesses_succeed_as_often_as_mathematics_says() {
    let random = Random::seeded(17);
    let start = "2026-11-23T09:30:00Z".parse::<Time>().expect("a time");
    let mut successes = 0;
    for account in 0..200_u64 {
        let secret = TotpSecret::generate(&random);
        for guess in 0..1_000_u64 {
            let now = start.after(Duration::from_secs(account * 7 + guess * 90));
            let code = u32::from_be_bytes(random.bytes()) % 1_000_000;
            successes += u32::from(secret.step_of(&format!("{code:06}"), now, None).is_some());
        }
        // Not because nothing is accepted.
        let right = [30, 0, 30].map(Duration::from_secs);
        let right = [start.before(right[0]), start, start.after(right[2])].map(|at| secret.code_at(at));
        assert!(right.iter().all(|code| secret.step_of(code, start, None).is_some()));
    }
    assert!(successes <= 6, "{successes} of 200,000 guesses");
}
