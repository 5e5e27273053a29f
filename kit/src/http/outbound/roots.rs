//! Certificate authorities: those of the system, and others from a PEM file.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The reason why a text has no certificate authorities.
#[derive(Debug, thiserror::Error)]
pub enum NotCertificates {
    #[error("expected certificates as PEM, between BEGIN CERTIFICATE and END CERTIFICATE")]
    Pem,
    #[error("there is no certificate in it")]
    Nothing,
    #[error("certificate {0} cannot be read")]
    Broken(usize),
}

/// Returns the certificate authorities of the system, and others.
pub(super) fn trusted(others: &[CertificateDer<'static>]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    tracing::debug!(added, ignored, "certificate authorities of the system were read");
    roots.add_parsable_certificates(others.iter().cloned());
    roots
}

/// Reads the certificates of a PEM text.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, NotCertificates> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| NotCertificates::Pem)?;
    for (at, certificate) in found.iter().enumerate() {
        RootCertStore::empty().add(certificate.clone()).map_err(|_| NotCertificates::Broken(at + 1))?;
    }
    if found.is_empty() { Err(NotCertificates::Nothing) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_of_a_file_is_read_and_anything_else_is_refused() {
        let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate").cert.pem();
        let both = made("one.example") + "\n" + &made("two.example");
        assert_eq!(certificates(both.as_bytes()).expect("certificates").len(), 2);
        assert!(matches!(certificates(b""), Err(NotCertificates::Nothing)));
        assert!(matches!(certificates(b"no certificate"), Err(NotCertificates::Nothing)));
        let cut = &both[..both.len() - 40];
        assert!(matches!(certificates(cut.as_bytes()), Err(NotCertificates::Pem)));
        let other = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(certificates(other.as_bytes()), Err(NotCertificates::Broken(1))));
    }
}
