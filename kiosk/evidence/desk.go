package evidence

import (
	"crypto/x509"
	"errors"
	"fmt"

	"balcao/kiosk/transcript"
)

// checkDesk decides whether a certificate is the one of a desk: issued by the authority of the desks for
// logging in, valid when the transcript was signed, and in the desk's name. Nothing stands between the two, so
// whatever else a desk sends along is refused.
func checkDesk(signed *transcript.Signed, authority *x509.Certificate, desk string) error {
	if authority == nil {
		return refuse(RefusedAuthority, errors.New("no desk authority is configured"))
	}
	if len(signed.Chain) != 1 {
		return refuse(RefusedAuthority, fmt.Errorf("%d certificates instead of the desk's", len(signed.Chain)))
	}
	leaf := signed.Leaf
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, CurrentTime: signed.Transcript.SignedAt, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	switch {
	case err != nil:
		return refuse(RefusedAuthority, err)
	case leaf.IsCA || leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 || leaf.PublicKeyAlgorithm != x509.ECDSA:
		return refuse(RefusedAuthority, errors.New("not a certificate of a desk"))
	case desk == "" || leaf.Subject.CommonName != desk:
		return refuse(RefusedDesk, nil)
	}
	return nil
}
