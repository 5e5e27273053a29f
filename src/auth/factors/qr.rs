//! QR codes as SVG images, for pages and for calls. They have no style and no script, which pages do not allow.

use qrcode::render::svg::Color;
use qrcode::{EcLevel, QrCode};

/// The shortest side of an image, in pixels.
const SIDE: u32 = 200;

/// Returns the text as a QR code; empty if it is too long for one, which a URL of an authenticator app is not.
pub(super) fn svg(text: &str) -> String {
    let Ok(code) = QrCode::with_error_correction_level(text, EcLevel::M) else { return String::new() };
    // White around the code, also on a dark page: cameras need it.
    let image = code.render::<Color<'_>>().min_dimensions(SIDE, SIDE).build();
    // The declaration of a file has no place in a page.
    image.find("<svg").map_or_else(String::new, |at| image[at..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_an_image_without_a_declaration_style_or_script() {
        let image = svg("otpauth://totp/PlaneConnection:ana%40skyline.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(image.starts_with("<svg ") && image.ends_with("</svg>"), "{image}");
        assert!(!image.contains("style") && !image.contains("<script") && !image.contains("GEZD"), "{image}");
    }

    #[test]
    fn longest_email_and_workspace_fit() {
        let url = format!("otpauth://totp/PlaneConnection:{}?secret={}", "%40".repeat(254 + 43), "A".repeat(32));
        assert!(!svg(&url).is_empty());
    }
}
