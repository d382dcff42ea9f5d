package drawer

import (
	"time"

	"balcao/mock-pcsc/citizen"
)

// people are in the order in which the catalogue uses them. Their numbers follow each other from
// 99000588, the number of the registry's own specimen.
var people = []struct {
	given, surname, sex, height, portrait string
	age                                   int // in years, some months ago
	mother, father                        [2]string
}{
	{"Inês Conceição", "Guimarães Simões", "F", "1,65", "a", 34, [2]string{"Guimarães", "Lúcia Assunção"}, [2]string{"Simões", "Estêvão"}},
	{"Tomé André", "Falcão Brandão", "M", "1,78", "b", 41, [2]string{"Falcão", "Aurélia"}, [2]string{"Brandão", "Álvaro José"}},
	{"Benedita", "Quintão Açucena", "F", "1,71", "c", 29, [2]string{"Quintão", "Perpétua"}, [2]string{"Açucena", "Rómulo"}},
	{"Urbano Sebastião", "Penalva Mourão", "M", "1,74", "d", 67, [2]string{"Penalva", "Deolinda"}, [2]string{"Mourão", "Jacinto"}},
	{"Maria Guilhermina da Conceição Imaculada Teodolinda Felismina", "Vasconcelos e Sousa de Albuquerque Bettencourt-Corte-Real", "F", "1,60", "c", 52, [2]string{"Vasconcelos e Sousa", "Maria Francisca Hermenegilda"}, [2]string{"de Albuquerque Bettencourt-Corte-Real", "Sebastião Maria"}},
	{"Zulmira", "Caçador Lebrão", "F", "1,58", "", 73, [2]string{"Caçador", "Gertrudes"}, [2]string{"Lebrão", "Inácio"}},
	{"Evaristo", "Montês Gavião", "M", "1,69", "d", 58, [2]string{"Montês", "Violante"}, [2]string{"Gavião", "Bernardim"}},
	{"Constança Íris", "Romão Salgueirinho", "F", "1,67", "a", 37, [2]string{"Romão", "Ângela"}, [2]string{"Salgueirinho", "Óscar"}},
	{"Dinis", "Açafrão Milheiriço", "M", "1,72", "e", 16, [2]string{"Açafrão", "Júlia"}, [2]string{"Milheiriço", "Hélder"}},
	{"Leopoldo", "Farinhão Trigueiro", "M", "1,81", "f", 46, [2]string{"Farinhão", "Olímpia"}, [2]string{"Trigueiro", "Cândido"}},
	{"Graça Noémia", "Olivença Pardal", "F", "1,63", "c", 31, [2]string{"Olivença", "Eugénia"}, [2]string{"Pardal", "Baltasar"}},
	{"Xavier", "Loureirão Cortiço", "M", "1,76", "b", 39, [2]string{"Loureirão", "Amélia"}, [2]string{"Cortiço", "Quirino"}},
	{"Felismina", "Rebolão Nogueiral", "F", "1,55", "a", 62, [2]string{"Rebolão", "Ermelinda"}, [2]string{"Nogueiral", "Saúl"}},
	{"Gaspar", "Ribeirão Torrado", "M", "1,70", "f", 27, [2]string{"Ribeirão", "Sílvia"}, [2]string{"Torrado", "Abílio"}},
	{"Hermínia", "Pedrógão Azinheiro", "F", "1,68", "c", 44, [2]string{"Pedrógão", "Luísa"}, [2]string{"Azinheiro", "Telmo"}},
	{"Jerónimo", "Sardão Moliceiro", "M", "1,83", "b", 50, [2]string{"Sardão", "Rosária"}, [2]string{"Moliceiro", "Vítor"}},
	{"Odília", "Camarão Varandas", "F", "1,61", "a", 55, [2]string{"Camarão", "Fátima"}, [2]string{"Varandas", "Adérito"}},
	{"Policarpo", "Tanoeiro Limão", "M", "1,77", "d", 70, [2]string{"Tanoeiro", "Benvinda"}, [2]string{"Limão", "Zeferino"}},
	{"Rosalina", "Verdelhão Pinhal", "F", "1,64", "c", 33, [2]string{"Verdelhão", "Teresa"}, [2]string{"Pinhal", "Norberto"}},
	{"Severino", "Gralhão Castiçal", "M", "1,73", "f", 48, [2]string{"Gralhão", "Carlota"}, [2]string{"Castiçal", "Plácido"}},
	{"Teodora", "Marmelão Balcão", "F", "1,66", "a", 36, [2]string{"Marmelão", "Glória"}, [2]string{"Balcão", "Silvério"}},
	{"Valdemar", "Carvão Ferrolho", "M", "1,79", "b", 43, [2]string{"Carvão", "Elvira"}, [2]string{"Ferrolho", "Amândio"}},
}

// person is number i of the people, as old as the list says and a hundred days more. There are more
// cards than people: further on the same names come again, with other numbers.
func person(i int, today time.Time) citizen.Person {
	row := people[i%len(people)]
	if i >= len(people) && row.portrait == "" {
		row.portrait = "c" // one person without a face is enough
	}
	return citizen.Person{
		Number: 99000588 + 37*i, Surname: row.surname, GivenNames: row.given, Sex: row.sex, Height: row.height,
		Birth:  birthday(row.age, today).AddDate(0, 0, -100),
		Mother: row.mother, Father: row.father, Portrait: row.portrait,
	}
}

// birthday is the day of birth of somebody who turns years today.
func birthday(years int, today time.Time) time.Time {
	return time.Date(today.Year()-years, today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
}
