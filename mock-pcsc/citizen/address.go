package citizen

import "bytes"

// The address file of the first generation, in its national form. Everybody in the fixtures lives in
// the same house, which does not exist either.
const addressSize = 1200

var addressFields = []struct {
	offset int
	value  string
}{
	{2, "PT"}, {6, "11"}, {10, "Lisboa"}, {110, "1106"}, {118, "Lisboa"}, {218, "110658"}, {230, "Avenidas Novas"},
	{330, "R"}, {350, "Rua"}, {450, "das Chaves Inventadas"}, {650, "ED"}, {670, "Edifício"}, {770, "99"},
	{790, "3º"}, {830, "Dto"}, {870, "Bairro do Exemplo"}, {970, "Lisboa"}, {1070, "1099"}, {1078, "999"},
	{1084, "LISBOA"}, {1134, "990000000001"},
}

func addressFile() []byte {
	file := make([]byte, addressSize)
	copy(file, "N")
	for _, f := range addressFields {
		copy(file[f.offset:], f.value)
	}
	return file
}

// addressGroup is the input of data group 2: all fields but the type, without padding.
func addressGroup() []byte {
	var b bytes.Buffer
	for _, f := range addressFields {
		b.WriteString(f.value)
	}
	return b.Bytes()
}
