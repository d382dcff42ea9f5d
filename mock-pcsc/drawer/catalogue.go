package drawer

import (
	"crypto/x509"
	"strings"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/citizen"
	"balcao/mock-pcsc/pki"
)

// builder collects the catalogue. Each Citizen Card gets the next person, each travel document the next
// traveler: neither's numbers depend on how many there are of the other.
type builder struct {
	today     time.Time
	items     []item
	citizens  int
	documents int
}

// kind is a sort of genuine card: what a fault is put into.
type kind struct {
	generation, key string
	keys            []string // committed card keys, taken in turn
	clone           string   // the key that a clone holds instead
	forgedIssuer    string
	forgedSigner    string
	from, until     time.Time
}

var (
	rsa2048 = kind{
		generation: citizen.First, key: "RSA-2048",
		keys:  []string{"rsa2048-1", "rsa2048-2", "rsa2048-3", "rsa2048-4", "rsa2048-5", "rsa2048-6"},
		clone: "rsa2048-clone", forgedIssuer: "forged-auc-0014", forgedSigner: "forged-ds-000014",
		from: date(2024, 2, 19), until: date(2034, 2, 19),
	}
	rsa3072 = kind{
		generation: citizen.First, key: "RSA-3072", keys: []string{"rsa3072-1", "rsa3072-2"},
		forgedIssuer: "forged-auc-0014", forgedSigner: "forged-ds-000014",
		from: date(2024, 4, 8), until: date(2034, 4, 8),
	}
	p256 = kind{
		generation: citizen.Y2024, key: "P-256", keys: []string{"p256-1", "p256-2", "p256-3", "p256-4"},
		clone: "p256-clone", forgedIssuer: "forged-auc-0019", forgedSigner: "forged-ds-000019",
		from: date(2024, 7, 1), until: date(2034, 7, 1),
	}
)

func date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// add puts a card into the drawer. Change, if not nil, departs from the genuine card.
func (b *builder) add(name string, k kind, refusedFor, title string, change func(*citizen.Plan)) *item {
	i := b.citizens
	b.citizens++
	plan := citizen.Plan{
		Name: name, Generation: k.generation, Person: person(i, b.today), Key: k.key, CardKey: k.keys[i%len(k.keys)],
		PIN: "1234", From: k.from, Until: k.until, CertificateFrom: k.from, CertificateUntil: date(2040, 1, 1),
	}
	if change != nil {
		change(&plan)
	}
	level := LevelHigh
	if refusedFor != "" {
		level = ""
	}
	b.items = append(b.items, item{
		Entry: Entry{
			Name: name, Kind: KindCitizen, Generation: k.generation, Key: k.key, PIN: plan.PIN, RefusedFor: refusedFor, Level: level,
			MRZ: []string{}, Title: title, Holder: plan.Person.GivenNames + " " + plan.Person.Surname,
		},
		plan: plan,
	})
	return &b.items[len(b.items)-1]
}

// both adds the same fault to a card of each generation.
func (b *builder) both(suffix, refusedFor, title string, change func(*citizen.Plan, kind)) {
	for _, k := range []kind{rsa2048, p256} {
		b.add(prefix(k)+suffix, k, refusedFor, title, func(p *citizen.Plan) { change(p, k) })
	}
}

func prefix(k kind) string {
	if k.generation == citizen.Y2024 {
		return "cc2024-"
	}
	return "cc1-"
}

func catalogue(today time.Time) []item {
	b := &builder{today: today}
	for _, part := range []func(){
		b.good, b.goodContactless, b.goodPassports, b.goodResidents, b.goodApplets, b.oddDocuments,
		b.badData, b.badCertificate, b.badHolder, b.badChip, b.badPassports, b.badAccess, b.badDocumentChip,
	} {
		part()
	}
	return b.items
}

func (b *builder) good() {
	b.add("cc1-rsa2048", rsa2048, "", "First generation, RSA-2048, name with diacritics", nil)
	b.add("cc1-rsa3072", rsa3072, "", "First generation, applet 4, RSA-3072", nil)
	b.add("cc2024", p256, "", "2024 generation, P-256", func(p *citizen.Plan) { p.PIN = "2580" })
	b.add("cc2024-senior", p256, "", "2024 generation, an older man, PIN of eight digits", func(p *citizen.Plan) { p.PIN = "86420975" })
	b.add("cc1-long-names", rsa2048, "", "First generation, names that fill their fields and overflow the MRZ", nil)
	b.add("cc1-no-photo", rsa2048, "", "First generation, no photograph on the card", nil)
	b.add("cc1-sha1-intermediate", rsa2048, "", "First generation, old authority whose own certificate is signed with SHA-1",
		func(p *citizen.Plan) { p.Issuer = "auc-0004" })
	b.add("cc1-issuer-on-card-only", rsa2048, "", "First generation, authority that desks were not given: it is on the card",
		func(p *citizen.Plan) { p.Issuer = "auc-0016" })
	b.add("cc2024-sixteen", p256, "", "2024 generation, a boy who turns sixteen today",
		func(p *citizen.Plan) { p.Person.Birth = birthday(16, b.today) })
	b.add("cc1-expires-tomorrow", rsa3072, "", "First generation, applet 4, RSA-3072, valid until tomorrow",
		func(p *citizen.Plan) { p.Until = b.today.AddDate(0, 0, 1) })
	b.add("cc2024-no-photo", p256, "", "2024 generation, no photograph on the card",
		func(p *citizen.Plan) { p.Person.Portrait = "" })
}

// contactless is a number for people on the contactless side of a card, far behind the others.
const contactless = 400

// goodContactless is the 2024 card laid on a contactless reader.
func (b *builder) goodContactless() {
	next := b.citizens
	b.citizens = contactless
	it := b.add("cc2024-contactless", p256, "", "2024 generation without contacts, opened with MRZ or CAN", nil)
	b.citizens = next
	it.MRZ, it.CAN = it.plan.Printed(), accessNumber(contactless)
	it.plan.CAN = it.CAN
}

func (b *builder) badData() {
	b.both("altered", "data_altered", "Place of request changed after the State signed it",
		func(p *citizen.Plan, _ kind) { p.AlteredPlace = "Loja de Cidadão das Laranjinhas" })
	b.both("altered-photo", "data_altered", "Photograph changed after the State signed it",
		func(p *citizen.Plan, _ kind) { p.AlteredPhoto = true })
	b.both("stranger-sod", "sod_untrusted", "Data signed by a stranger who uses the State's names",
		func(p *citizen.Plan, k kind) { p.SecurityObjectBy = k.forgedSigner })
	b.both("self-signed-sod", "sod_untrusted", "Data signed by the holder's own authentication key",
		func(p *citizen.Plan, _ kind) { p.SecurityObjectByHolder = true })
	b.both("broken-sod", "sod_invalid", "Signature over the data wrong in one bit",
		func(p *citizen.Plan, _ kind) { p.BrokenSecurityObject = true })
	b.both("absurd-sod", "card_malformed", "SOD that claims a length of 2 GiB",
		func(p *citizen.Plan, _ kind) { p.Absurd = citizen.AbsurdSOD })
	b.both("absurd-certificate", "card_malformed", "Certificate that claims a length of 2 GiB",
		func(p *citizen.Plan, _ kind) { p.Absurd = citizen.AbsurdCertificate })
	b.add("cc1-absurd-identity", rsa2048, "card_malformed", "Identity file that ends in the middle of the surname",
		func(p *citizen.Plan) { p.Absurd = citizen.AbsurdIdentity })
	b.add("cc2024-absurd-identity", p256, "card_malformed", "Identity file that claims a length of 2 GiB",
		func(p *citizen.Plan) { p.Absurd = citizen.AbsurdIdentity })
}

func (b *builder) badCertificate() {
	b.both("forged-chain", "chain_untrusted", "Certificate under forged authorities with the same names; data genuine",
		func(p *citizen.Plan, k kind) {
			// The forger copies all he can, the addresses of the State's status service too.
			p.Issuer, p.StatusAt = k.forgedIssuer, strings.TrimPrefix(k.forgedIssuer, "forged-")
		})
	b.both("certificate-expired", "certificate_expired", "Authentication certificate expired in 2025, card still valid",
		func(p *citizen.Plan, _ kind) { p.CertificateUntil = date(2025, 5, 1) })
	b.revoked("revoked", "certificate_revoked", "Authentication certificate revoked: key compromised", pki.ReasonKeyCompromise)
	b.revoked("suspended", "certificate_suspended", "Authentication certificate suspended (certificate hold)", pki.ReasonCertificateHold)
	b.add("cc1-revocation-unknown", rsa2048, "revocation_unknown", "OCSP and CRL servers hang up without an answer",
		func(p *citizen.Plan) { p.StatusAt = "silent" })
	b.add("cc2024-revocation-unknown", p256, "revocation_unknown", "OCSP says try later, the CRL is out of date",
		func(p *citizen.Plan) { p.StatusAt = "stale" })
	b.add("cc1-wrong-purpose", rsa2048, "certificate_purpose", "Signature certificate where that for authentication belongs",
		func(p *citizen.Plan) { p.SignatureCertificateTwice = true })
	b.add("cc2024-wrong-purpose", p256, "certificate_purpose", "Certificate whose key may only encrypt",
		func(p *citizen.Plan) { p.CertificateUsage = x509.KeyUsageKeyEncipherment })
	b.both("clone", "key_mismatch", "Clone: right data and certificate, another key",
		func(p *citizen.Plan, k kind) { p.CertifiedKey, p.CardKey = p.CardKey, k.clone })
}

func (b *builder) revoked(suffix, refusedFor, title string, reason int) {
	for _, k := range []kind{rsa2048, p256} {
		b.add(prefix(k)+suffix, k, refusedFor, title, nil).revoked = reason
	}
}

func (b *builder) badHolder() {
	b.both("other-person", "person_mismatch", "Certificate and key of another person",
		func(p *citizen.Plan, _ kind) {
			other := person(b.citizens-1+200, b.today)
			p.CertificatePerson = &other
		})
	b.both("document-expired", "document_expired", "Card expired last year, certificate still valid",
		func(p *citizen.Plan, _ kind) { p.From, p.Until = date(2015, 3, 2), b.today.AddDate(-1, 0, 0) })
	b.both("fifteen", "under_age", "A child who turns sixteen next month",
		func(p *citizen.Plan, _ kind) { p.Person.Birth = birthday(16, b.today).AddDate(0, 1, 0) })
	b.both("pin-blocked", "pin_blocked", "Authentication PIN blocked",
		func(p *citizen.Plan, _ kind) { p.BlockedPIN = true })
}

// badChip are the cards that misbehave, and one that is no Citizen Card.
func (b *builder) badChip() {
	const selectFile, readBinary, manageSecurity = 0xa4, 0xb0, 0x22
	silent, removed := card.Response{Silent: true}, card.Response{Removed: true}
	trouble := func(ins byte, nth int, r card.Response) func(*citizen.Plan) {
		return func(p *citizen.Plan) { p.Trouble = &card.Trouble{INS: ins, Nth: nth, Response: r} }
	}
	b.add("cc1-silent", rsa2048, "card_silent", "Stops answering at the fourth read", trouble(readBinary, 4, silent))
	b.add("cc2024-silent", p256, "card_silent", "Stops answering at the second read", trouble(readBinary, 2, silent))
	b.add("cc1-pulled-reading", rsa2048, "card_removed", "Pulled at the third read", trouble(readBinary, 3, removed))
	b.add("cc2024-pulled-reading", p256, "card_removed", "Pulled at the third read", trouble(readBinary, 3, removed))
	b.add("cc1-pulled-signing", rsa2048, "card_removed", "Good until it is to sign: pulled then", trouble(manageSecurity, 1, removed))
	b.add("cc2024-pulled-signing", p256, "card_removed", "Good until it is to sign: pulled then", trouble(manageSecurity, 1, removed))
	b.items = append(b.items, item{Entry: Entry{
		Name: "bank-card", Kind: KindBank, RefusedFor: "unknown_card", MRZ: []string{}, Title: "A bank card (EMV)",
	}})
}
