package evidence_test

import (
	"testing"

	"balcao/cardreader/citizencard"
	"balcao/kiosk/evidence"
)

// BenchmarkVerify is what one enrolment costs the centre in cryptography: RSA-3072 with RSA-4096
// authorities, and P-256. Revocation answers at once.
func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"cc1-rsa3072", "cc2024"} {
		b.Run(name, func(b *testing.B) {
			d, v := mustBench(b)
			v.Revocation = good
			c, err := d.Card(name)
			if err != nil {
				b.Fatal(err)
			}
			c.PowerOn()
			defer c.PowerOff()
			cc, err := citizencard.Open(b.Context(), wire{c})
			if err != nil {
				b.Fatal(err)
			}
			files, chain := mustRead(b, v, cc)
			for _, entry := range d.Entries() {
				if entry.Name == name {
					if err := cc.VerifyPIN(b.Context(), []byte(entry.PIN)); err != nil {
						b.Fatal(err)
					}
				}
			}
			expect := expectFor(b, files)
			jws, err := evidence.Sign(b.Context(), transcriptFor(b, files, expect), chain, cardSigner{cc})
			if err != nil {
				b.Fatal(err)
			}
			bundle := evidence.Bundle{JWS: jws, Identity: files.Identity, SOD: files.SOD}
			for b.Loop() {
				if _, err := v.Verify(b.Context(), bundle, expect); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(jws)), "bytes/JWS")
		})
	}
}
