package drawer

import "balcao/mock-pcsc/travel"

// odd is a number for people with odd documents, far behind the others.
const odd = 300

// oddDocuments are genuine passports whose contents are unusual, as States have issued them.
func (b *builder) oddDocuments() {
	next := b.documents
	b.documents = odd
	defer func() { b.documents = next }()
	b.document("passport-photo-length-plus1", pace, "", "Passport whose photograph's record says one byte more than there is",
		func(p *travel.Plan) { p.Record = travel.RecordLong })
	b.document("passport-photo-39794", pace, "", "Passport with a photograph as of ISO/IEC 39794-5",
		func(p *travel.Plan) { p.Record = travel.RecordExtensible })
	b.document("passport-photo-unshown", pace, "", "Passport whose photograph nobody can read out of its record",
		func(p *travel.Plan) { p.Record = travel.RecordUnreadable })
	b.document("passport-birth-impossible", pace, "", "Passport of somebody born on a 31 February, as their papers have it",
		func(p *travel.Plan) { p.Person.BirthZone = p.Person.Birth.Format("06") + "0231" })
	b.document("passport-no-surname", pace, "", "Passport of somebody who has one given name and no surname",
		func(p *travel.Plan) { p.Person.Surname, p.Person.GivenNames = "", "Rameshwar" })
	b.document("passport-no-surname-spelled", pace, "", "Passport of somebody without a surname, spelled out in data group 11",
		func(p *travel.Plan) { p.Person.Surname, p.Person.GivenNames, p.FullName = "", "Çağla Ñandu", true })
	b.document("passport-name-cut", pace, "", "Passport with a name that fills its field to the last letter, spelled out nowhere",
		func(p *travel.Plan) {
			p.Person.Surname, p.Person.GivenNames = "Albuquerque Vasconcelos", "Maria Madalena"
		})
}
