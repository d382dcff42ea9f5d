package drawer

import (
	"crypto"
	"strings"
	"time"

	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/emrtd"
	"balcao/mock-pcsc/travel"
)

// sort is a sort of genuine travel document: what a fault is put into.
type sort struct {
	kind, generation, key string
	plan                  travel.Plan
	portuguese            bool
	access                bool // has a CAN
	portrait              string
}

var (
	issued, ends = date(2024, 3, 5), date(2034, 3, 4)

	gm128 = emrtd.PACE{Cipher: emrtd.AES128, Domain: 13}

	// bac is a passport of the first kind: nothing but basic access control, and short lengths.
	bac = sort{
		kind: KindPassport, generation: "BAC", key: "none", portrait: "jpg",
		plan: travel.Plan{Format: travel.TD3, Code: "P", BAC: true, Signer: "ds-ut-01", SigningTime: true},
	}
	// pace is a passport as issuers make them now.
	pace = sort{
		kind: KindPassport, generation: "PACE-GM", key: "CA-ECDH-brainpoolP256r1", portrait: "jpg",
		plan: travel.Plan{
			Format: travel.TD3, Code: "P", BAC: true, PACE: []emrtd.PACE{gm128}, ChipKey: "travel-bp256",
			ChipCipher: []emrtd.Cipher{emrtd.AES128}, Signer: "ds-ut-03", Extended: true, LDS: "0107",
		},
	}
	// permit is a residence permit of the uniform format, opened with MRZ or CAN.
	permit = sort{
		kind: KindResidencePermit, generation: "PACE-GM", key: "CA-ECDH-brainpoolP256r1", portrait: "jp2", portuguese: true, access: true,
		plan: travel.Plan{
			Format: travel.TD1, Code: "AR", PACE: []emrtd.PACE{gm128}, ChipKey: "travel-bp256", ChipCipher: []emrtd.Cipher{emrtd.AES128},
			Signer: "ds-pt-02", Fingerprints: true, Extended: true, LDS: "0107", SignerByKey: true,
		},
	}
)

// document puts a travel document into the drawer. Change, if not nil, departs from its sort.
func (b *builder) document(name string, s sort, refusedFor, title string, change func(*travel.Plan)) {
	i := b.documents
	b.documents++
	plan := s.plan
	plan.Name, plan.From, plan.Until, plan.Issuer, plan.Number = name, issued, ends, "UTO", utopianNumber(i)
	if s.portuguese {
		plan.Issuer, plan.Number = "PRT", portugueseNumber(i)
	}
	if s.access {
		plan.CAN = accessNumber(i)
	}
	plan.Person = traveler(i, s.portrait, b.today)
	if change != nil {
		change(&plan)
	}
	level := LevelSubstantial
	switch {
	case refusedFor != "":
		level = ""
	case plan.Original() && !plan.Gap():
		level = LevelHigh
	}
	b.items = append(b.items, item{
		Entry: Entry{
			Name: name, Kind: s.kind, Generation: s.generation, Key: s.key, RefusedFor: refusedFor, Level: level,
			MRZ: plan.Printed(), CAN: plan.ShownCAN(), Title: title, Holder: strings.TrimSpace(plan.Person.GivenNames + " " + plan.Person.Surname),
		},
		travel: &plan,
	})
}

// as is a sort with another way of opening and proving.
func (s sort) as(generation, key string) sort {
	s.generation, s.key = generation, key
	return s
}

func (b *builder) goodPassports() {
	b.document("passport-bac", bac, "", "Passport, BAC only, JPEG of 8 KB, short lengths, cannot prove that it is no copy", nil)
	b.document("passport-bac-aa-rsa", bac.as("BAC", "AA-RSA-2048"), "", "Passport, BAC, active authentication with RSA and SHA-256",
		func(p *travel.Plan) {
			p.Signer, p.ActiveKey, p.ActiveHash, p.Extended, p.SignerByKey = "ds-ut-02", "travel-rsa2048", crypto.SHA256, true, true
		})
	b.document("passport-bac-aa-rsa1024", bac.as("BAC", "AA-RSA-1024"), "", "Passport, BAC, active authentication with RSA and SHA-1, short lengths",
		func(p *travel.Plan) { p.ActiveKey, p.ActiveHash = "travel-rsa1024", crypto.SHA1 })
	b.document("passport-bac-ca", bac.as("BAC", "CA-ECDH-brainpoolP256r1"), "", "Passport, BAC, chip authentication with 3DES",
		func(p *travel.Plan) {
			p.ChipKey, p.ChipCipher = "travel-bp256", []emrtd.Cipher{emrtd.TripleDES}
		})
	like := pace
	like.portuguese, like.portrait = true, "jp2"
	b.document("passport-pace-gm", like, "", "Passport as Portugal makes them: PACE, chip authentication, JPEG 2000",
		func(p *travel.Plan) { p.Signer, p.Details = "ds-pt-01", true })
	b.document("passport-pace-gm-3des", pace.as("PACE-GM", "CA-ECDH-brainpoolP256r1"), "", "Passport, PACE and chip authentication with 3DES, P-256",
		func(p *travel.Plan) {
			p.PACE, p.ChipCipher = []emrtd.PACE{{Cipher: emrtd.TripleDES, Domain: 12}}, []emrtd.Cipher{emrtd.TripleDES}
		})
	b.document("passport-pace-im", pace.as("PACE-IM", "AA-ECDSA-brainpoolP256r1"), "", "Passport, PACE with integrated mapping, active authentication with ECDSA",
		func(p *travel.Plan) {
			p.PACE = []emrtd.PACE{{Mapping: emrtd.Integrated, Cipher: emrtd.AES128, Domain: 13}}
			p.ChipKey, p.ActiveKey, p.ActiveHash = "", "travel-bp256", crypto.SHA256
		})
	b.document("passport-pace-cam", pace.as("PACE-CAM", "CA-ECDH-brainpoolP256r1"), "", "Passport, PACE with chip authentication mapping",
		func(p *travel.Plan) {
			p.PACE = []emrtd.PACE{{Mapping: emrtd.ChipAuthentication, Cipher: emrtd.AES128, Domain: 13}, gm128}
		})
	b.document("passport-pace-dh", pace.as("PACE-GM", "AA-RSA-2048"), "", "Passport, PACE over a prime field, active authentication with RSA and SHA-512",
		func(p *travel.Plan) {
			p.PACE = []emrtd.PACE{{Cipher: emrtd.AES128, Domain: 2}}
			p.ChipKey, p.ActiveKey, p.ActiveHash = "", "travel-rsa2048", crypto.SHA512
		})
	b.document("passport-pace-p384-aes256", pace.as("PACE-GM", "CA-ECDH-brainpoolP384r1"), "", "Passport, PACE and chip authentication with AES-256, brainpoolP384r1",
		func(p *travel.Plan) {
			p.PACE, p.ChipKey = []emrtd.PACE{{Cipher: emrtd.AES256, Domain: 16}}, "travel-bp384"
			p.ChipCipher, p.Signer, p.Hash = []emrtd.Cipher{emrtd.AES256}, "ds-ut-04", crypto.SHA384
		})
	b.document("passport-aa-ecdsa", pace.as("PACE-GM", "AA-ECDSA-P256"), "", "Passport, PACE with AES-192, active authentication with ECDSA, signer on brainpoolP512r1",
		func(p *travel.Plan) {
			p.PACE, p.ChipKey = []emrtd.PACE{{Cipher: emrtd.AES192, Domain: 12}}, ""
			p.ActiveKey, p.ActiveHash, p.Signer, p.Hash = "travel-p256", crypto.SHA256, "ds-ut-05", crypto.SHA512
		})
	b.goodPhotographs()
	b.goodNames()
	b.goodSignatures()
}

func (b *builder) goodPhotographs() {
	b.document("passport-photo-60k", pace, "", "Passport, JPEG of 60 KB, extended lengths of at most 1 KB",
		func(p *travel.Plan) { p.Person.Portrait, p.Longest = "b-large.jpg", 1<<10 })
	b.document("passport-photo-60k-short", bac.as("BAC", "CA-ECDH-brainpoolP256r1"), "", "Passport, JPEG 2000 of 60 KB, short lengths, refuses to send less than it is asked for",
		func(p *travel.Plan) {
			p.Person.Portrait, p.Strict = "c-large.jp2", true
			p.ChipKey, p.ChipCipher = "travel-bp256", []emrtd.Cipher{emrtd.AES128}
		})
	b.document("passport-no-originality", pace.as("PACE-GM", "none"), "", "Passport, PACE, cannot prove that it is no copy",
		func(p *travel.Plan) { p.ChipKey, p.BAC = "", false })
}

func (b *builder) goodNames() {
	b.document("passport-long-name", pace, "", "Passport, name cut in the MRZ, spelled out in data group 11",
		func(p *travel.Plan) {
			p.Person.Surname, p.Person.GivenNames, p.FullName = "Ængström-Þorvaldsdóttir Łukasiewicz", "Žofie Běla Ñusta Çiçek", true
			p.Personal = "UT99001812"
		})
	b.document("passport-td-unknown-birth", pace, "", "Passport of somebody of whom the year of birth alone is known",
		func(p *travel.Plan) {
			p.Person.Birth = date(p.Person.Birth.Year(), time.July, 1)
			p.Person.BirthZone = p.Person.Birth.Format("06") + "<<<<"
			p.Person.Sex = "<"
		})
	b.document("passport-ds-expired-now-fine", bac.as("BAC", "CA-ECDH-brainpoolP256r1"), "", "Passport of 2019 whose signer's certificate has expired since",
		func(p *travel.Plan) {
			p.From, p.Until, p.Signer = date(2019, 6, 3), date(2029, 6, 2), "ds-ut-expired"
			p.ChipKey, p.ChipCipher = "travel-bp256", []emrtd.Cipher{emrtd.TripleDES}
		})
}

// goodSignatures are security objects as some States write them, which readers have taken for forgeries.
func (b *builder) goodSignatures() {
	b.document("passport-sod-ber", pace, "", "Passport whose SOD is in BER: indefinite lengths, strings in pieces",
		func(p *travel.Plan) { p.BER, p.SigningTime = true, true })
	b.document("passport-issuer-respelt", pace, "", "Passport whose SOD writes the issuer's name otherwise than the certificate: in capitals, in another kind of string",
		func(p *travel.Plan) { p.Respelt = true })
}

func (b *builder) goodResidents() {
	b.document("residence-permit", permit, "", "Residence permit (TD1), opened with MRZ or CAN, fingerprints that nobody may read",
		func(p *travel.Plan) {
			p.FullName, p.Person.Surname, p.Person.GivenNames = true, "Gonçalves Muñoz", "José Ángel"
		})
	b.document("residence-permit-long-number", permit, "", "Residence permit whose number overflows its field in the MRZ",
		func(p *travel.Plan) { p.Number += "1812"; p.Code = "IR" })
	b.document("residence-permit-bac", permit.as("BAC", "AA-ECDSA-P256"), "", "Older residence permit, BAC, active authentication with ECDSA",
		func(p *travel.Plan) {
			p.PACE, p.BAC, p.CAN, p.ChipKey, p.Extended, p.Fingerprints = nil, true, "", "", false, false
			p.ActiveKey, p.ActiveHash, p.Person.Portrait = "travel-p256", crypto.SHA256, "c.jpg"
		})
	family := permit
	family.kind = KindResidenceCard
	family.plan.Code = "CR"
	b.document("residence-card", family, "", "Residence card of an EU citizen's family member (TD1)", nil)
	family.plan.Format = travel.TD2
	b.document("residence-card-td2", family, "", "Residence card of an EU citizen's family member, the larger size (TD2)", nil)
}

// applets is a number for travelers far behind the others.
const applets = 440

// goodApplets are documents whose chips have another applet than most.
func (b *builder) goodApplets() {
	next := b.documents
	b.documents = applets
	b.document("passport-no-short-ids", pace, "", "Passport whose applet answers 6985 to reads by short file identifier",
		func(p *travel.Plan) { p.NoShort = true })
	b.document("passport-no-short-ids-clear", bac, "", "Passport, BAC, whose applet ends the session at a read by short file identifier",
		func(p *travel.Plan) { p.NoShort, p.Strict = true, true })
	b.documents = next
}

func (b *builder) badPassports() {
	b.document("passport-altered", pace, "data_altered", "Name changed after the State signed it", func(p *travel.Plan) { p.AlteredZone = true })
	b.document("passport-altered-photo", pace, "data_altered", "Photograph changed after the State signed it",
		func(p *travel.Plan) { p.AlteredPhoto = true })
	b.document("passport-stranger-sod", pace, "sod_untrusted", "Data signed by a stranger who uses the State's names",
		func(p *travel.Plan) { p.Signer = "forged-ds-ut-03" })
	b.document("passport-wrong-country-signer", pace, "sod_untrusted", "Data signed by another State's document signer",
		func(p *travel.Plan) { p.Signer = "ds-pt-01" })
	b.document("passport-broken-sod", pace, "sod_invalid", "Signature over the data wrong in one bit", func(p *travel.Plan) { p.BrokenSOD = true })
	b.document("passport-half-sod", pace, "sod_unreadable", "SOD of which the second half was never written", func(p *travel.Plan) { p.HalfSOD = true })
	b.document("passport-revoked-signer", pace, "signer_revoked", "Data signed with a certificate that the State revoked",
		func(p *travel.Plan) { p.Signer = travel.RevokedSigner })
	b.document("passport-revocation-unknown", pace, "revocation_unknown", "The CRL server hangs up without an answer",
		func(p *travel.Plan) { p.Signer = "ds-ut-silent" })
	b.document("passport-expired", pace, "document_expired", "Passport that expired last year",
		func(p *travel.Plan) { p.From, p.Until = date(2021, 2, 1), b.today.AddDate(-1, 0, 0) })
	b.document("passport-fifteen", pace, "under_age", "A child who turns sixteen next month",
		func(p *travel.Plan) { p.Person.Birth = birthday(16, b.today).AddDate(0, 1, 0) })
	b.document("residence-permit-foreign-issuer", permit, "document_not_accepted", "Residence permit of another State",
		func(p *travel.Plan) { p.Issuer, p.Signer = "UTO", "ds-ut-06" })
}

func (b *builder) badAccess() {
	b.document("passport-wrong-mrz", pace, "access_denied", "Chip of another document than the one it is in: it does not open",
		func(p *travel.Plan) { p.PrintedNumber = "UT9912345" })
	b.document("residence-permit-wrong-can", permit, "access_denied", "Chip that does not open with the CAN on the card, nor with its MRZ",
		func(p *travel.Plan) { p.PrintedCAN, p.PrintedNumber = "654321", "ZZ991234" })
	b.document("passport-other-person", pace, "mrz_mismatch", "Opens with its MRZ, but the chip names somebody else",
		func(p *travel.Plan) { p.ChipPerson = &travel.Person{Surname: "Stolen", GivenNames: "Identity"} })
	b.document("passport-downgrade", pace, "access_downgraded", "Announces PACE and refuses it; BAC works",
		func(p *travel.Plan) { p.Fault = &emrtd.Fault{RefusesPACE: true} })
	b.document("passport-bad-token", pace, "access_failed", "Chip that does not know the password: its PACE token is wrong",
		func(p *travel.Plan) { p.Fault, p.BAC = &emrtd.Fault{BadToken: true}, false })
	b.document("passport-unprotected", pace, "access_failed", "Answers in clear where it should answer protected",
		func(p *travel.Plan) { p.Fault, p.BAC = &emrtd.Fault{Unprotected: true}, false })
}

func (b *builder) badDocumentChip() {
	const photo = 0x0102
	aa := pace.as("PACE-GM", "AA-RSA-2048")
	b.document("passport-clone-aa", aa, "key_mismatch", "Clone: right data, another key for active authentication",
		func(p *travel.Plan) {
			p.ChipKey, p.ActiveKey, p.ActiveHash, p.ActiveHolds = "", "travel-rsa2048", crypto.SHA256, "travel-rsa2048-clone"
		})
	b.document("passport-clone-ca", pace, "key_mismatch", "Clone: right data, another key for chip authentication",
		func(p *travel.Plan) { p.ChipHolds = "travel-bp256-clone" })
	b.document("passport-clone-cam", pace.as("PACE-CAM", "CA-ECDH-brainpoolP256r1"), "key_mismatch", "Clone: right data, another key in PACE and for chip authentication",
		func(p *travel.Plan) {
			p.PACE = []emrtd.PACE{{Mapping: emrtd.ChipAuthentication, Cipher: emrtd.AES128, Domain: 13}}
			p.ChipHolds, p.StaticHolds = "travel-bp256-clone", "travel-bp256-clone"
		})
	b.document("passport-refuses-sod", pace, "card_refused", "Lets its SOD be selected and refuses to have it read",
		func(p *travel.Plan) { p.Fault = &emrtd.Fault{Refused: 0x011D} })
	b.document("passport-dies-60", pace, "card_silent", "Stops answering after 60 % of the photograph",
		func(p *travel.Plan) {
			p.Longest, p.Fault = 1<<10, &emrtd.Fault{File: photo, At: 5000, Response: card.Response{Silent: true}}
		})
	b.document("passport-pulled-reading", pace, "card_removed", "Taken away in the middle of the photograph",
		func(p *travel.Plan) {
			p.Longest, p.Fault = 1<<10, &emrtd.Fault{File: photo, At: 4000, Response: card.Response{Removed: true}}
		})
	b.document("passport-absurd-dg1", pace, "card_malformed", "MRZ file that claims a length of 2 GiB",
		func(p *travel.Plan) { p.Absurd = travel.AbsurdZone })
	b.document("passport-absurd-sod", pace, "card_malformed", "SOD that claims a length of 2 GiB",
		func(p *travel.Plan) { p.Absurd = travel.AbsurdSOD })
	b.document("passport-endless-photo", pace, "card_malformed", "Photograph that claims 2 GiB, from a chip that sends for ever",
		func(p *travel.Plan) {
			p.Absurd, p.Fault = travel.AbsurdPhoto, &emrtd.Fault{Endless: photo}
		})
}
