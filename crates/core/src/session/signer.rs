use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, errors::ErrorKind, jwk::Jwk,
};
use weir_base::Secret;

use super::{
    Claims,
    hs256::{Checked, Hs256},
    settings::{AuthSettings, JwtAlgorithm},
};
use crate::{Code, Failure, Outcome};

/// Signs and checks our JWTs. The algorithm is pinned: a token that names another is refused, `none` above all.
pub struct Signer {
    /// With HS256.
    own: Option<Hs256>,
    header: Header,
    signing: EncodingKey,
    checking: Vec<DecodingKey>,
    validation: Validation,
    public: Option<Jwk>,
}

impl Signer {
    pub fn new(settings: &AuthSettings) -> Result<Self, String> {
        let algorithm = match settings.jwt_algorithm {
            JwtAlgorithm::HS256 => Algorithm::HS256,
            JwtAlgorithm::ES256 => Algorithm::ES256,
            JwtAlgorithm::EdDSA => Algorithm::EdDSA,
        };
        let mut header = Header::new(algorithm);
        let mut public = None;
        let mut own = None;
        let (signing, checking) = if algorithm == Algorithm::HS256 {
            let secret = |secret: &Secret| DecodingKey::from_secret(secret.expose().as_bytes());
            let all = || std::iter::once(&settings.jwt_secret).chain(&settings.jwt_previous_secrets);
            own = Some(Hs256::new(all(), &settings.issuer, &settings.audience));
            (EncodingKey::from_secret(settings.jwt_secret.expose().as_bytes()), all().map(secret).collect())
        } else {
            let (signing, jwk) = private_key(settings, algorithm)?;
            let checking = DecodingKey::from_jwk(&jwk).map_err(|error| refused(&error))?;
            header.kid.clone_from(&jwk.common.key_id);
            public = Some(jwk);
            (signing, vec![checking])
        };
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[&settings.audience]);
        validation.set_issuer(&[&settings.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Expiry is ours to judge, by our clock.
        validation.validate_exp = false;
        validation.leeway = 0;
        Ok(Self { own, header, signing, checking, validation, public })
    }

    pub fn sign(&self, claims: &Claims) -> Outcome<String> {
        if let Some(own) = &self.own {
            return own.sign(claims).map_err(|error| Failure::new(Code::Internal).cause(error));
        }
        encode(&self.header, claims, &self.signing).map_err(|error| Failure::new(Code::Internal).cause(error))
    }

    /// The claims of a token with a good signature, expired or not.
    pub fn check(&self, token: &str) -> Outcome<Claims> {
        let mut refusal = Failure::new(Code::TokenInvalid);
        match self.own.as_ref().map(|own| own.check(token)) {
            Some(Checked::Good(claims)) => return Ok(*claims),
            Some(Checked::Bad) => return Err(refusal),
            Some(Checked::Foreign) | None => {}
        }
        for key in &self.checking {
            match decode::<Claims>(token, key, &self.validation) {
                Ok(data) => return Ok(data.claims),
                Err(error) if *error.kind() == ErrorKind::InvalidSignature => refusal = refusal.cause(error),
                Err(error) => return Err(refusal.cause(error)),
            }
        }
        Err(refusal)
    }

    /// The public key for `/.well-known/jwks.json` (RFC 7517); none with HS256.
    pub fn public_key(&self) -> Option<&Jwk> {
        self.public.as_ref()
    }
}

fn private_key(settings: &AuthSettings, algorithm: Algorithm) -> Result<(EncodingKey, Jwk), String> {
    let pem = settings.jwt_private_key.as_ref().map(Secret::expose).unwrap_or_default().as_bytes();
    let signing = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
        _ => EncodingKey::from_ed_pem(pem),
    };
    let signing = signing.map_err(|error| refused(&error))?;
    let mut jwk = Jwk::from_encoding_key(&signing, algorithm).map_err(|error| refused(&error))?;
    let thumbprint =
        jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).map_err(|error| refused(&error))?;
    jwk.common.key_id = Some(thumbprint);
    Ok((signing, jwk))
}

fn refused(error: &jsonwebtoken::errors::Error) -> String {
    format!(
        "auth.jwt_private_key does not fit auth.jwt_algorithm ({error}): EdDSA wants an Ed25519 key, ES256 a P-256 key, \
         each as PEM in PKCS #8"
    )
}
