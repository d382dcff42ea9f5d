package drawer

import (
	"fmt"
	"time"

	"balcao/mock-pcsc/travel"
)

// travelers hold travel documents, in the order in which the catalogue uses them. Most are citizens of
// Utopia (UTO), which ICAO 9303 gives to specimens. The name as it is spelled is on a chip with data
// group 11 only; the names of others need no letters beyond those of an MRZ.
var travelers = []struct {
	given, surname, sex, portrait string
	age                           int
}{
	{"Anna Maria", "Eriksson Fable", "F", "a", 34},
	{"Marek", "Nowhere", "M", "b", 41},
	{"Leyla Nur", "Kaya Istanbulli", "F", "c", 29},
	{"Hendrik Jan", "Van Utopen", "M", "d", 63},
	{"Ines Carlota", "Amaurota Silveira", "F", "a", 38},
	{"Raphael", "Hythloday", "M", "f", 47},
	{"Oksana", "Vymyslenko", "F", "a", 31},
	{"Tomas", "Morus Fictus", "M", "b", 52},
	{"Priya", "Kalpanika", "F", "c", 26},
	{"Anders", "Ingenstad", "M", "b", 36},
	{"Mei Ling", "Wuyou", "F", "c", 44},
	{"Jean Baptiste", "Nullepart", "M", "d", 58},
	{"Kwame", "Hapana Mahali", "M", "f", 33},
	{"Svetlana", "Nigdeeva", "F", "a", 40},
	{"Rosa Elena", "Inventada Prueba", "F", "c", 28},
	{"Gustav", "Ohneland", "M", "d", 71},
	{"Aiko", "Kakuu", "F", "a", 24},
	{"Omar Farid", "Khayali", "M", "f", 39},
	{"Bjarki", "Hvergisson", "M", "b", 45},
	{"Nadia", "Sans Lieu", "F", "c", 35},
}

// traveler is number i of the travelers, as old as the list says and a hundred days more, with a
// photograph of that kind: "jpg", "jp2".
func traveler(i int, kind string, today time.Time) travel.Person {
	row := travelers[i%len(travelers)]
	return travel.Person{
		Surname: row.surname, GivenNames: row.given, Sex: row.sex, Nationality: "UTO", Portrait: row.portrait + "." + kind,
		Birth: birthday(row.age, today).AddDate(0, 0, -100),
	}
}

// Document numbers. Utopia issues none; Portugal's series ZZ, like the ZZ of Citizen Cards, is not issued.
func utopianNumber(i int) string    { return fmt.Sprintf("UT99%05d", 100+37*i) }
func portugueseNumber(i int) string { return fmt.Sprintf("ZZ99%04d", 100+37*i) }

// accessNumber is a CAN: nothing about it can be wrong.
func accessNumber(i int) string { return fmt.Sprintf("%06d", (123457+987643*i)%1000000) }
