package evidence_test

import (
	"testing"

	"balcao/cardreader/citizencard"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust"
)

// BenchmarkVerify is what one enrolment costs the centre in cryptography: RSA-3072 with RSA-4096
// authorities, and P-256. Revocation answers at once.
func BenchmarkVerify(b *testing.B) {
	for _, name := range []string{"cc1-rsa3072", "cc2024"} {
		b.Run(name, func(b *testing.B) {
			d, v := mustBench(b)
			v.Revocation = examinetest.Good
			c, err := d.Card(name)
			if err != nil {
				b.Fatal(err)
			}
			c.PowerOn()
			defer c.PowerOff()
			cc, err := citizencard.Open(b.Context(), kiosktest.Laid{Card: c})
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
			jws := mustSign(b, transcriptFor(b, files, expect), chain, cardSigner{cc})
			sent := transcript.Evidence{JWS: jws, Identity: files.Identity, SOD: files.SOD, SealedPIN: sealedPIN}
			for b.Loop() {
				if _, err := verify(b.Context(), v, sent, expect); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(jws)), "bytes/JWS")
		})
	}
}

// BenchmarkExamineTravel is one passive authentication as a desk does it: the SOD's signature and its signer's
// chain over brainpoolP256r1, and the hashes of the files without the photograph. Revocation answers at once.
func BenchmarkExamineTravel(b *testing.B) {
	d, v := mustCountryBench(b)
	v.CountryRevocation = examinetest.SignersAre(trust.Good)
	for _, e := range travelDocuments(d) {
		if e.Name != "passport-pace-gm" {
			continue
		}
		c, err := d.Card(e.Name)
		if err != nil {
			b.Fatal(err)
		}
		c.PowerOn()
		defer c.PowerOff()
		chip, err := openChip(b.Context(), kiosktest.Laid{Card: c}, e)
		if err != nil {
			b.Fatal(err)
		}
		defer chip.Close()
		for b.Loop() {
			ex := v.ExamineTravel(b.Context(), nil)
			ex.Update(chip.files)
			if verdict := ex.Wait(); len(verdict.Reasons) > 0 {
				b.Fatal(verdict.Reasons)
			}
		}
	}
}
