/* The terminal's side of PACE and of secure messaging as OpenPACE (Debian: libeac-dev) does it, for a
 * chip that stands at the other end of standard input and output: a command in hexadecimal goes out on
 * a line, its response comes back on one.
 *
 *   openpace CARDACCESS mrz|can SECRET
 *
 * CARDACCESS is EF.CardAccess in hexadecimal with one PACEInfo, SECRET is as it is printed, the MRZ (TD1) without
 * line breaks. After PACE it reads the first bytes of EF.CardSecurity protected and prints "read" with
 * them. Exit code 1 with a reason on standard error when anything fails.
 */
#include <eac/eac.h>
#include <eac/objects.h>
#include <eac/pace.h>
#include <openssl/buffer.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 8192
#define CONTENT 14 /* bytes to read of EF.CardSecurity */

static void fail(const char *why)
{
    fprintf(stderr, "openpace: %s\n", why);
    exit(1);
}

static size_t unhex(const char *text, unsigned char *out)
{
    size_t n = 0;
    unsigned int byte;
    for (; sscanf(text, "%2x", &byte) == 1 && n < MOST; text += 2)
        out[n++] = (unsigned char)byte;
    return n;
}

/* exchange sends a command and returns the length of the response data; the status must be 9000. */
static size_t exchange(const unsigned char *command, size_t n, unsigned char *response)
{
    static char line[4 * MOST];
    for (size_t i = 0; i < n; i++)
        printf("%02x", command[i]);
    printf("\n");
    fflush(stdout);
    if (!fgets(line, sizeof line, stdin))
        fail("no response");
    size_t got = unhex(line, response);
    if (got < 2 || response[got - 2] != 0x90 || response[got - 1] != 0x00)
        fail("the chip refuses");
    return got - 2;
}

/* put writes a data object. */
static size_t put(unsigned char *out, unsigned char tag, const unsigned char *value, size_t n)
{
    size_t at = 0;
    out[at++] = tag;
    if (n >= 0x100) {
        out[at++] = 0x82;
        out[at++] = (unsigned char)(n >> 8);
    } else if (n >= 0x80) {
        out[at++] = 0x81;
    }
    out[at++] = (unsigned char)n;
    if (n)
        memmove(out + at, value, n);
    return at + n;
}

/* get takes the data object with a tag out of a field. */
static BUF_MEM *get(const unsigned char *field, size_t n, unsigned char tag)
{
    for (size_t at = 0; at + 2 <= n;) {
        unsigned char found = field[at++];
        size_t size = field[at++];
        if (size == 0x81) {
            size = field[at++];
        } else if (size == 0x82) {
            size = (size_t)field[at] << 8 | field[at + 1];
            at += 2;
        }
        if (at + size > n)
            break;
        if (found == tag) {
            BUF_MEM *value = BUF_MEM_new();
            if (!value || !BUF_MEM_grow(value, size))
                fail("memory");
            memcpy(value->data, field + at, size);
            return value;
        }
        at += size;
    }
    fail("data object missing");
    return NULL;
}

/* step is one GENERAL AUTHENTICATE; without a tag its dynamic data are empty. */
static BUF_MEM *step(int last, unsigned char tag, const BUF_MEM *value, unsigned char want)
{
    unsigned char inner[MOST], outer[MOST], command[MOST], response[MOST];
    size_t n = tag ? put(inner, tag, (unsigned char *)value->data, value->length) : 0;
    n = put(outer, 0x7c, inner, n);
    size_t at = 0;
    command[at++] = last ? 0x00 : 0x10;
    command[at++] = 0x86;
    command[at++] = 0;
    command[at++] = 0;
    if (n > 255) {
        command[at++] = 0;
        command[at++] = (unsigned char)(n >> 8);
    }
    command[at++] = (unsigned char)n;
    memcpy(command + at, outer, n);
    at += n;
    if (n > 255)
        command[at++] = 0;
    command[at++] = 0;
    n = exchange(command, at, response);
    BUF_MEM *dynamic = get(response, n, 0x7c);
    return get((unsigned char *)dynamic->data, dynamic->length, want);
}

static void protocol(const EAC_CTX *ctx, unsigned char reference)
{
    const ASN1_OBJECT *oid = OBJ_nid2obj(ctx->pace_ctx->protocol);
    unsigned char field[64], response[MOST];
    size_t n = put(field, 0x80, OBJ_get0_data(oid), OBJ_length(oid));
    n += put(field + n, 0x83, &reference, 1);
    unsigned char command[80] = {0x00, 0x22, 0xc1, 0xa4, (unsigned char)n};
    memcpy(command + 5, field, n);
    exchange(command, 5 + n, response);
}

static BUF_MEM *own(const BUF_MEM *key)
{
    if (!key)
        fail("no key");
    return (BUF_MEM *)key;
}

/* read reads EF.CardSecurity by its short identifier, protected. */
static void read_security(EAC_CTX *ctx)
{
    unsigned char command[64] = {0x0c, 0xb0, 0x9d, 0x00, 0x0d, 0x97, 0x01, CONTENT, 0x8e, 0x08}, response[MOST];
    if (!EAC_CTX_set_encryption_ctx(ctx, EAC_ID_PACE) || !EAC_increment_ssc(ctx))
        fail("no session");
    BUF_MEM header = {.length = 4, .data = (char *)command, .max = 4};
    BUF_MEM *covered = EAC_add_iso_pad(ctx, &header);
    size_t before = own(covered)->length;
    if (!BUF_MEM_grow(covered, before + 3))
        fail("memory");
    memcpy(covered->data + before, command + 5, 3);
    BUF_MEM *padded = EAC_add_iso_pad(ctx, covered);
    BUF_MEM *checksum = EAC_authenticate(ctx, own(padded));
    memcpy(command + 10, own(checksum)->data, 8);
    size_t n = exchange(command, 19, response);

    if (!EAC_increment_ssc(ctx))
        fail("counter");
    BUF_MEM *cryptogram = get(response, n, 0x87), *theirs = get(response, n, 0x8e);
    BUF_MEM signed_part = {.length = n - 10, .data = (char *)response, .max = n - 10};
    padded = EAC_add_iso_pad(ctx, &signed_part);
    if (!EAC_verify_authentication(ctx, own(padded), theirs))
        fail("checksum of the response");
    BUF_MEM encrypted = {.length = cryptogram->length - 1, .data = cryptogram->data + 1, .max = cryptogram->max - 1};
    BUF_MEM *plain = EAC_decrypt(ctx, &encrypted);
    BUF_MEM *content = EAC_remove_iso_pad(own(plain));
    printf("read %.*s\n", (int)own(content)->length, content->data);
}

int main(int argc, char **argv)
{
    unsigned char access[MOST];
    if (argc != 4)
        fail("usage: openpace CARDACCESS mrz|can SECRET");
    EAC_init();
    EAC_CTX *ctx = EAC_CTX_new();
    int mrz = strcmp(argv[2], "mrz") == 0;
    if (!ctx || !EAC_CTX_init_ef_cardaccess(access, unhex(argv[1], access), ctx) || !ctx->pace_ctx)
        fail("EF.CardAccess");
    PACE_SEC *secret = PACE_SEC_new(argv[3], strlen(argv[3]), mrz ? PACE_MRZ : PACE_CAN);
    if (!secret)
        fail("secret");
    protocol(ctx, mrz ? 1 : 2);
    if (!PACE_STEP2_dec_nonce(ctx, secret, step(0, 0, NULL, 0x80)))
        fail("nonce");
    BUF_MEM *mapping = PACE_STEP3A_generate_mapping_data(ctx);
    if (!PACE_STEP3A_map_generator(ctx, step(0, 0x81, own(mapping), 0x82)))
        fail("mapping");
    BUF_MEM *key = PACE_STEP3B_generate_ephemeral_key(ctx);
    BUF_MEM *theirs = step(0, 0x83, own(key), 0x84);
    if (!PACE_STEP3B_compute_shared_secret(ctx, theirs) || !PACE_STEP3C_derive_keys(ctx))
        fail("agreement");
    BUF_MEM *token = PACE_STEP3D_compute_authentication_token(ctx, theirs);
    if (PACE_STEP3D_verify_authentication_token(ctx, step(1, 0x85, own(token), 0x86)) != 1)
        fail("token");
    read_security(ctx);
    return 0;
}
