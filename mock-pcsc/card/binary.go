package card

// readBinary is READ BINARY (ISO/IEC 7816-4 §11.3.3) with an offset of 15 bits, or with a short file
// identifier and an offset of 8.
func (c *Chip) readBinary(cmd command) []byte {
	file, offset, status := c.locate(cmd)
	switch {
	case status != statusOK:
		return status.alone()
	case cmd.le == 0 || len(cmd.data) != 0:
		return statusWrongLength.alone()
	case !c.allowed(file.Read):
		return statusSecurity.alone()
	case offset >= len(file.Data):
		return statusBeyondEnd.alone()
	}
	end := min(offset+cmd.le, len(file.Data))
	data := file.Data[offset:end]
	// Le of 00 asks for as much as there is; an exact Le that cannot be met earns a warning.
	if len(data) < cmd.le && cmd.le != 256 {
		return statusEndOfFile.after(data)
	}
	return statusOK.after(data)
}

// updateBinary is UPDATE BINARY (ISO/IEC 7816-4 §11.3.5). It never lengthens a file.
func (c *Chip) updateBinary(cmd command) []byte {
	file, offset, status := c.locate(cmd)
	switch {
	case status != statusOK:
		return status.alone()
	case len(cmd.data) == 0:
		return statusWrongLength.alone()
	case !c.allowed(file.Write):
		return statusSecurity.alone()
	case offset > len(file.Data):
		return statusBeyondEnd.alone()
	case offset+len(cmd.data) > len(file.Data):
		return statusNoSpace.alone()
	}
	copy(file.Data[offset:], cmd.data)
	return statusOK.alone()
}

// locate finds the file and offset that P1 and P2 speak of. A short identifier also selects.
func (c *Chip) locate(cmd command) (*File, int, Status) {
	if cmd.p1&0x80 == 0 {
		if c.session.file == nil {
			return nil, 0, statusNoCurrentEF
		}
		return c.session.file, int(cmd.p1)<<8 | int(cmd.p2), statusOK
	}
	sfi := cmd.p1 & 0x1f
	if cmd.p1&0x60 != 0 || sfi == 0 {
		return nil, 0, statusWrongP1P2
	}
	if c.session.dir == nil {
		return nil, 0, statusNoCurrentEF
	}
	file := c.session.dir.short(sfi)
	if file == nil {
		return nil, 0, statusFileNotFound
	}
	c.session.file = file
	return file, int(cmd.p2), statusOK
}
