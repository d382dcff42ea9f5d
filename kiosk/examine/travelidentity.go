package examine

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"balcao/cardreader/mrz"
	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
)

// TravelIdentity reads the person from DG1 and, when it is there and can be read, DG11. Nothing is verified. The
// day decides the century of the MRZ's two-digit years. The error wraps lds.ErrMalformed and names no content.
//
// The MRZ decides who it is. DG11 adds what an MRZ has no room for: the names as they are spelt, and the whole
// date of birth where the MRZ has only a part of it or another century. A DG11 that cannot be read adds
// nothing: a State that signed it wrong did not sign another person.
func TravelIdentity(files TravelFiles, at time.Time) (kiosk.Identity, error) {
	z, err := lds.ParseDG1(files.Groups[groupMRZ], at)
	if err != nil {
		return kiosk.Identity{}, fmt.Errorf("reading identity: %w", err)
	}
	id, err := mrzIdentity(z)
	if err != nil {
		return kiosk.Identity{}, err
	}
	details, err := lds.ParseDG11(files.Groups[groupDetails])
	if err != nil {
		return id, nil
	}
	addDetails(&id, details)
	return id, nil
}

// mrzIdentity is the person as the MRZ states them.
func mrzIdentity(z mrz.MRZ) (kiosk.Identity, error) {
	number := strings.ReplaceAll(z.Number, "<", "")
	if number == "" {
		return kiosk.Identity{}, fmt.Errorf("reading identity: %w: no number", lds.ErrMalformed)
	}
	id := kiosk.Identity{
		Kind: kindOf(z), Country: z.Issuer, DocumentNumber: number,
		Surname: z.Surname, GivenNames: z.GivenNames, MRZSurname: z.Surname, MRZGivenNames: z.GivenNames,
		Sex: z.Sex, Nationality: z.Nationality,
		BirthDate: dateOf(z.Birth), BirthPrinted: z.BirthPrinted(), ValidUntil: dateOf(z.Expiry),
	}
	if z.ExpiryPrinted() != "" {
		id.ValidUntil = kiosk.Date{} // no day, so it is not known to be good on any
	}
	if z.Truncated {
		id.NameSource = kiosk.NameCut
	}
	return id, nil
}

func dateOf(d mrz.Date) kiosk.Date {
	return kiosk.Date{Year: d.Year, Month: time.Month(d.Month), Day: d.Day}
}

// kindOf tells documents by their code (Doc 9303-4 to -6 §4.2.2). A passport's begins with P. For cards the standard
// leaves the second letter to the State, but for AC (crew) and ID, and its practice decides: R for residence in the uniform
// format of the EU, CR for family members' cards, whose format is the same (Regulations 1030/2002 and 2019/1157). A card
// whose code says nothing is a residence document when its holder is of another nationality than its
// issuer's. Anything else, such as another State's identity card, is of no kind that may enrol: "".
func kindOf(z mrz.MRZ) kiosk.DocumentKind {
	switch code := z.Code; {
	case strings.HasPrefix(code, "P") && z.Format == mrz.TD3:
		return kiosk.Passport
	case z.Format == mrz.TD3 || code == "AC" || code == "ID" || code == "IP":
		return ""
	case code == "AR" || code == "IR":
		return kiosk.ResidencePermit
	case code == "CR":
		return kiosk.ResidenceCard
	case z.Nationality != z.Issuer:
		return kiosk.ResidencePermit
	}
	return ""
}

// addDetails adds what DG11 says. A name that DG11 does not split is left as the MRZ has it, unless the MRZ has one
// name only: who would say where the surname ends?
func addDetails(id *kiosk.Identity, details lds.PersonalDetails) {
	name := details.Name
	only := name.Surname + name.GivenNames
	switch {
	case utf8.RuneCountInString(only) > kiosk.MaxName:
	case name.Surname != "" && name.GivenNames != "":
		id.Surname, id.GivenNames, id.NameSource = name.Surname, name.GivenNames, kiosk.NameWhole
	case only != "" && id.MRZGivenNames == "":
		id.Surname, id.NameSource = only, kiosk.NameWhole
	case only != "" && id.MRZSurname == "":
		id.GivenNames, id.NameSource = only, kiosk.NameWhole
	}
	if born := dateOf(details.BirthDate); completes(born, id.BirthDate) {
		id.BirthDate = born
		if !born.Partial() {
			id.BirthPrinted = ""
		}
	}
}

// completes reports whether a date says more than one of a MRZ and contradicts nothing in it:
// the last two digits of the year, and month and day where they are known.
func completes(full, z kiosk.Date) bool {
	if full.IsZero() || z.IsZero() {
		return !full.IsZero()
	}
	return full.Year%100 == z.Year%100 &&
		(z.Month == 0 || full.Month == z.Month) && (z.Day == 0 || full.Day == z.Day)
}
