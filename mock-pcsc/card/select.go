package card

import "bytes"

// selectFile is SELECT (ISO/IEC 7816-4 §11.2.2). Where it fails, what was selected stays selected.
func (c *Chip) selectFile(cmd command) []byte {
	template, wanted := byte(0x6f), true
	switch cmd.p2 {
	case 0x00:
	case 0x04:
		template = 0x62
	case 0x0c:
		wanted = false
	default:
		return statusWrongP1P2.alone()
	}
	if cmd.p1 == 0x04 {
		if !c.selectApplication(cmd.data) {
			return statusFileNotFound.alone()
		}
	} else if status := c.selectInTree(cmd); status != statusOK {
		return status.alone()
	}
	// Without Le no data are asked for, so none are sent (T=1).
	if !wanted || cmd.le == 0 {
		return statusOK.alone()
	}
	return c.reply(c.currentControl(template), cmd.le)
}

// selectApplication leaves one applet for another, or for itself: either way the applet that is left
// forgets which PINs were verified, as a JavaCard applet does when it is deselected.
func (c *Chip) selectApplication(aid []byte) bool {
	for _, app := range c.Applications {
		if bytes.Equal(app.AID, aid) {
			c.session = session{app: app, dir: app.Root, verified: map[byte]bool{}}
			return true
		}
	}
	return false
}

func (c *Chip) selectInTree(cmd command) Status {
	if c.session.app == nil {
		return statusFileNotFound
	}
	if len(cmd.data)%2 != 0 || len(cmd.data) > 8 {
		return statusWrongLength
	}
	path := identifiers(cmd.data)
	root := c.session.app.Root
	switch cmd.p1 {
	case 0x00:
		return c.selectIdentifier(path)
	case 0x01:
		return c.selectChild(path, func(id uint16) (*Dir, *File) { return c.session.dir.dir(id), nil })
	case 0x02:
		return c.selectChild(path, func(id uint16) (*Dir, *File) { return nil, c.session.dir.file(id) })
	case 0x03:
		if parent := root.parentOf(c.session.dir); parent != nil && len(path) == 0 {
			return c.enter(parent, nil)
		}
		return statusFileNotFound
	case 0x08:
		return c.selectPath(root, path)
	case 0x09:
		return c.selectPath(c.session.dir, path)
	}
	return statusWrongP1P2
}

// selectIdentifier looks where ISO/IEC 7816-4 §7.4 says that an identifier is unambiguous: the master
// file, below the current directory, the directory itself, beside it, and below the master file.
func (c *Chip) selectIdentifier(path []uint16) Status {
	root, here := c.session.app.Root, c.session.dir
	if len(path) == 0 || len(path) == 1 && path[0] == masterFile {
		return c.enter(root, nil)
	}
	if len(path) != 1 {
		return statusWrongLength
	}
	id := path[0]
	if here.ID == id {
		return c.enter(here, nil)
	}
	places := []*Dir{here, root.parentOf(here), root}
	for _, place := range places {
		if place == nil {
			continue
		}
		if f := place.file(id); f != nil {
			return c.enter(place, f)
		}
		if d := place.dir(id); d != nil {
			return c.enter(d, nil)
		}
	}
	return statusFileNotFound
}

func (c *Chip) selectChild(path []uint16, find func(uint16) (*Dir, *File)) Status {
	if len(path) != 1 {
		return statusWrongLength
	}
	dir, file := find(path[0])
	switch {
	case dir != nil:
		return c.enter(dir, nil)
	case file != nil:
		return c.enter(c.session.dir, file)
	}
	return statusFileNotFound
}

// selectPath follows a path from a directory. The path from the master file does not name it: the
// real card refuses one that does.
func (c *Chip) selectPath(from *Dir, path []uint16) Status {
	if len(path) == 0 {
		return statusWrongLength
	}
	for i, id := range path {
		if next := from.dir(id); next != nil {
			from = next
			continue
		}
		if f := from.file(id); f != nil && i == len(path)-1 {
			return c.enter(from, f)
		}
		return statusFileNotFound
	}
	return c.enter(from, nil)
}

func (c *Chip) enter(dir *Dir, file *File) Status {
	c.session.dir, c.session.file = dir, file
	return statusOK
}

func (c *Chip) currentControl(template byte) []byte {
	if c.session.file != nil {
		return c.session.file.control(template, c.Modern)
	}
	return c.session.dir.control(template, c.session.app.AID)
}

func identifiers(path []byte) []uint16 {
	var ids []uint16
	for ; len(path) >= 2; path = path[2:] {
		ids = append(ids, uint16(path[0])<<8|uint16(path[1]))
	}
	return ids
}
