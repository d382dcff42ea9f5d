package citizencard

// DataGroups returns, for each data group that was read, the bytes that the SOD's hash is over. A
// group of which not everything was read is left out.
//
// First generation (the hashes are over fields, not files): 1 the identity's fields, each without its
// padding, in the order of hashedLayout; 3 the photograph's record without trailing zeros; 4 the card's
// key, modulus and exponent untrimmed. The address (2) is not read. The MRZ is in no group.
// Generation of 2024: 13 and 2, the whole files 010D and 0102.
func (f Files) DataGroups() map[int][]byte {
	groups := make(map[int][]byte)
	add := func(number int, content []byte) {
		if len(content) > 0 {
			groups[number] = content
		}
	}
	switch f.Generation {
	case Generation1:
		add(1, hashedFields(f.Identity))
		add(3, f.Photo)
		add(4, f.CardKey)
	case Generation2024:
		add(13, f.Identity)
		add(2, f.Photo)
	}
	return groups
}

func hashedFields(identity []byte) []byte {
	if len(identity) != identitySize {
		return nil
	}
	out := make([]byte, 0, identitySize)
	for _, p := range hashedLayout {
		out = append(out, p.trimmed(identity)...)
	}
	return out
}
