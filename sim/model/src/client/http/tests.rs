use super::*;

fn body(response: &[u8], piece: usize) -> Result<(Vec<u8>, bool), NotAStream> {
    let mut parsed = Response::of_sse();
    let mut body = Vec::new();
    for bytes in response.chunks(piece) {
        parsed.feed(bytes, |_, part| body.extend_from_slice(part))?;
    }
    Ok((body, parsed.has_ended()))
}

#[test]
fn a_body_comes_out_of_its_chunks_however_they_were_cut() {
    let response = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
        5\r\nhello\r\n1A;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";
    for piece in 1..response.len() {
        assert_eq!(body(response, piece).unwrap(), (b"helloabcdefghijklmnopqrstuvwxyz".to_vec(), true));
    }
}

#[test]
fn a_body_without_chunks_goes_on_to_the_connections_end() {
    let response = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream;charset=utf-8\r\n\r\ndata: x\n\n";
    assert_eq!(body(response, 3).unwrap(), (b"data: x\n\n".to_vec(), false));
}

#[test]
fn a_body_of_a_known_length_ends_there_and_an_interim_response_is_none() {
    let response = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\
        content-type: Text/Event-Stream\r\ncontent-length: 9\r\n\r\ndata: x\n\nHTTP/1.1 408 Timeout\r\n\r\n";
    for piece in 1..response.len() {
        assert_eq!(body(response, piece).unwrap(), (b"data: x\n\n".to_vec(), true));
    }
}

#[test]
fn what_is_no_event_stream_says_what_it_is_instead() {
    let refused = |head: &str| body(head.as_bytes(), 7).unwrap_err().to_string();
    assert!(refused("HTTP/1.1 404 Not Found\r\n\r\n").contains("status 404"));
    assert!(refused("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n").contains("text/html"));
    assert!(refused("HTTP/1.1 204 No Content\r\n\r\n").contains("clients must not ask again"));
    assert!(refused("HTTP/1.1 401 Unauthorized\r\n\r\n").contains("it wants other credentials"));
    assert!(refused("HTTP/1.1 503 Unavailable\r\n\r\n").contains("in trouble"));
    let moved = refused("HTTP/1.1 301 Moved Permanently\r\nLocation: https://a.test/s\r\n\r\n");
    assert!(moved.starts_with("redirects to https://a.test/s with status 301"), "{moved}");
    let brotli = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: br\r\n\r\n";
    assert!(refused(brotli).starts_with("compresses the stream (content-encoding: br), and only gzip is read"));
    let secret = refused("HTTP/1.1 302 Found\r\nLocation: https://a.test/s?table=t&key=SECRET\r\n\r\n");
    assert_eq!(secret, "redirects to https://a.test/s?table=t&key=REDACTED with status 302");
    let other = "HTTP/1.1 200 OK\r\ncontent-type: text/event-streams\r\n\r\n";
    assert!(refused(other).contains("text/event-streams, where"));
    assert!(refused("SSH-2.0-OpenSSH\r\n\r\n").contains("not an HTTP/1.1 response"));
}
