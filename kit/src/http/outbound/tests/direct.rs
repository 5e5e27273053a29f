//! The client for the server that a person has named.

use super::*;

const LONGEST: usize = 16;

fn client() -> DirectClient {
    let five = Duration::from_secs(5);
    DirectClient::new(DirectSettings {
        user_agent: HeaderValue::from_static("Test/1"),
        roots: Vec::new(),
        connect_timeout: five,
        timeout: five,
        max_body: LONGEST,
    })
}

async fn get(address: SocketAddr) -> Result<DirectResponse, DirectError> {
    let url = format!("http://{address}/").parse().expect("a URL");
    client().send(Method::GET, &url, HeaderMap::new(), None).await
}

#[tokio::test]
async fn address_of_this_machine_is_reached_and_the_whole_body_read() {
    let response =
        get(receiver(b"HTTP/1.1 404 Not Found\r\nX-Seen: yes\r\nContent-Length: 16\r\n\r\n0123456789abcdef").await).await;
    let response = response.expect("a response");
    assert_eq!((response.status, response.body.len()), (StatusCode::NOT_FOUND, LONGEST));
    assert_eq!(response.headers["x-seen"], "yes");
}

#[tokio::test]
async fn longer_body_is_refused_instead_of_cut() {
    for response in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n0123456789abcdefg"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n0123456789abcde\r\n2\r\nfg\r\n0\r\n\r\n",
    ] {
        let outcome = get(receiver(response).await).await;
        assert!(matches!(outcome, Err(DirectError::TooLong(LONGEST))), "{outcome:?}");
    }
}

#[tokio::test]
async fn body_that_ends_early_is_no_response() {
    let outcome = get(receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234").await).await;
    assert!(matches!(outcome, Err(DirectError::NoResponse(OutboundError::Protocol(_)))), "{outcome:?}");
}
