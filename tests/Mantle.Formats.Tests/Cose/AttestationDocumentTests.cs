using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;

namespace Mantle.Formats.Tests.Cose;

public class AttestationDocumentTests
{
    private static readonly (string Name, byte[] Value)[] s_fields =
    [
        ("module_id", Cbor.Text("i-0123456789abcdef0-tpm0000000000000000")),
        ("digest", Cbor.Text("SHA384")),
        ("timestamp", Cbor.Number(1_700_000_000_000)),
        ("nitrotpm_pcrs", Cbor.Map((Cbor.Number(0), Cbor.Bytes(new byte[48])), (Cbor.Number(4), Cbor.Bytes(new byte[48])))),
        ("certificate", Cbor.Bytes(1, 2, 3)),
        ("cabundle", Cbor.Array(Cbor.Bytes(4), Cbor.Bytes(5))),
        ("public_key", Cbor.Null),
        ("user_data", Cbor.Bytes()),
        ("nonce", Cbor.Bytes(6)),
    ];

    /// <summary>Name of the case, field, its new content or none to leave it out, the problem.</summary>
    private static readonly (string Name, string Field, byte[]? Value, string Problem)[] s_wrongValues =
    [
        ("no module", "module_id", null, "field \"module_id\" is missing"),
        ("no digest", "digest", null, "field \"digest\" is missing"),
        ("no timestamp", "timestamp", null, "field \"timestamp\" is missing"),
        ("no registers", "nitrotpm_pcrs", null, "field \"nitrotpm_pcrs\" or \"pcrs\" is missing"),
        ("no certificate", "certificate", null, "field \"certificate\" is missing"),
        ("no bundle", "cabundle", null, "field \"cabundle\" is missing"),
        ("module null", "module_id", Cbor.Null, "module_id is not a text in one piece"),
        ("module bytes", "module_id", Cbor.Bytes(1), "module_id is not a text in one piece"),
        ("module empty", "module_id", Cbor.Text(""), "module_id is empty or has other letters than ASCII's"),
        ("module with a line feed", "module_id", Cbor.Text("i-1\n"), "module_id is empty or has other letters than ASCII's"),
        ("module with an accent", "module_id", Cbor.Text("i-é"), "module_id is empty or has other letters than ASCII's"),
        ("module no UTF-8", "module_id", [0x62, 0xff, 0xfe], "module_id is not UTF-8"),
        ("module in pieces", "module_id", [.. Cbor.Indefinite(3), .. Cbor.Text("i-"), .. Cbor.Break], "module_id is not a text in one piece"),
        ("module long", "module_id", Cbor.Text(new string('i', 129)), "module_id has 129 bytes, more than 128"),
        ("module with a long head", "module_id", [.. Cbor.LongHead(3, 2, 1), 0x69, 0x2d], "the head of module_id takes 2 bytes where 1 are enough"),
        ("digest SHA256", "digest", Cbor.Text("SHA256"), "digest \"SHA256\" is not \"SHA384\""),
        ("digest SHA512", "digest", Cbor.Text("SHA512"), "digest \"SHA512\" is not \"SHA384\""),
        ("digest in small letters", "digest", Cbor.Text("sha384"), "digest \"sha384\" is not \"SHA384\""),
        ("digest with a space", "digest", Cbor.Text("SHA384 "), "digest \"SHA384 \" is not \"SHA384\""),
        ("digest a number", "digest", Cbor.Number(384), "digest is not a text in one piece"),
        ("digest null", "digest", Cbor.Null, "digest is not a text in one piece"),
        ("timestamp zero", "timestamp", Cbor.Number(0), "timestamp 0 is no time in milliseconds"),
        ("timestamp negative", "timestamp", Cbor.Negative(-1), "timestamp is not an unsigned number"),
        ("timestamp a text", "timestamp", Cbor.Text("1700000000000"), "timestamp is not an unsigned number"),
        ("timestamp a float", "timestamp", [0xfb, 0, 0, 0, 0, 0, 0, 0, 0], "timestamp is not an unsigned number"),
        ("timestamp too large", "timestamp", Cbor.Number(ulong.MaxValue), "timestamp 18446744073709551615 is no time in milliseconds"),
        ("timestamp of year 10000", "timestamp", Cbor.Number(253_402_300_800_000), "timestamp 253402300800000 is no time in milliseconds"),
        ("timestamp a large number", "timestamp", [0xc2, .. Cbor.Bytes(1)], "timestamp is not an unsigned number"),
        ("timestamp with a long head", "timestamp", Cbor.LongHead(0, 5, 8), "the head of timestamp takes 9 bytes where 1 are enough"),
        ("registers an array", "nitrotpm_pcrs", Cbor.Array(Cbor.Bytes(new byte[48])), "nitrotpm_pcrs is not a map"),
        ("registers null", "nitrotpm_pcrs", Cbor.Null, "nitrotpm_pcrs is not a map"),
        ("registers empty", "nitrotpm_pcrs", Cbor.Map(), "nitrotpm_pcrs is empty"),
        ("register 32", "nitrotpm_pcrs", Registers((32, 48)), "register 32 is not one of 0 to 31"),
        ("register negative", "nitrotpm_pcrs", Cbor.Map((Cbor.Negative(-1), Cbor.Bytes(new byte[48]))), "the index of a register is not an unsigned number"),
        ("register by name", "nitrotpm_pcrs", Cbor.Map((Cbor.Text("4"), Cbor.Bytes(new byte[48]))), "the index of a register is not an unsigned number"),
        ("register number enormous", "nitrotpm_pcrs", Cbor.Map((Cbor.Number(ulong.MaxValue), Cbor.Bytes(new byte[48]))), "register 18446744073709551615 is not one of 0 to 31"),
        ("register twice", "nitrotpm_pcrs", Registers((4, 48), (4, 48)), "register 4 is there twice"),
        ("register of 0 bytes", "nitrotpm_pcrs", Registers((4, 0)), "register 4 has 0 bytes, not 32 to 64"),
        ("register of 20 bytes", "nitrotpm_pcrs", Registers((4, 20)), "register 4 has 20 bytes, not 32 to 64"),
        ("register of 47 bytes", "nitrotpm_pcrs", Registers((4, 47)), "register 4 has 47 bytes, not 32, 48 or 64"),
        ("register of 65 bytes", "nitrotpm_pcrs", Registers((4, 65)), "register 4 has 65 bytes, not 32 to 64"),
        ("register a text", "nitrotpm_pcrs", Cbor.Map((Cbor.Number(4), Cbor.Text(new string('0', 48)))), "register 4 is not a byte string in one piece"),
        ("register in pieces", "nitrotpm_pcrs", Cbor.Map((Cbor.Number(4), [.. Cbor.Indefinite(2), .. Cbor.Bytes(new byte[48]), .. Cbor.Break])), "register 4 is not a byte string in one piece"),
        ("register null", "nitrotpm_pcrs", Cbor.Map((Cbor.Number(4), Cbor.Null)), "register 4 is not a byte string in one piece"),
        ("register with a long index", "nitrotpm_pcrs", Cbor.Map((Cbor.LongHead(0, 4, 1), Cbor.Bytes(new byte[48]))), "the head of the index of a register takes 2 bytes where 1 are enough"),
        ("more registers than there are", "nitrotpm_pcrs", [.. Cbor.Head(5, ulong.MaxValue / 2)], "nitrotpm_pcrs is not well-formed CBOR"),
        ("certificate empty", "certificate", Cbor.Bytes(), "certificate has 0 bytes, not 1 to 1024"),
        ("certificate long", "certificate", Cbor.Bytes(new byte[1025]), "certificate has 1025 bytes, not 1 to 1024"),
        ("certificate null", "certificate", Cbor.Null, "certificate is not a byte string in one piece"),
        ("certificate a text", "certificate", Cbor.Text("MII"), "certificate is not a byte string in one piece"),
        ("certificate of enormous length", "certificate", Cbor.LongHead(2, ulong.MaxValue, 8), "certificate is not well-formed CBOR"),
        ("certificate of large length", "certificate", Cbor.LongHead(2, 0x7fffffff, 4), "certificate is not well-formed CBOR"),
        ("bundle empty", "cabundle", Cbor.Array(), "cabundle is empty"),
        ("bundle a string", "cabundle", Cbor.Bytes(1), "cabundle is not an array"),
        ("bundle null", "cabundle", Cbor.Null, "cabundle is not an array"),
        ("bundle of texts", "cabundle", Cbor.Array(Cbor.Text("x")), "a certificate of cabundle is not a byte string in one piece"),
        ("bundle with an empty one", "cabundle", Cbor.Array(Cbor.Bytes(1), Cbor.Bytes()), "a certificate of cabundle has 0 bytes, not 1 to 1024"),
        ("bundle with a long one", "cabundle", Cbor.Array(Cbor.Bytes(new byte[1025])), "a certificate of cabundle has 1025 bytes, not 1 to 1024"),
        ("bundle of 17", "cabundle", Cbor.Array([.. Enumerable.Repeat(Cbor.Bytes(1), 17)]), "cabundle has more than 16 items"),
        ("bundle of enormous length", "cabundle", Cbor.Head(4, uint.MaxValue), "cabundle is not well-formed CBOR"),
        ("key empty", "public_key", Cbor.Bytes(), "public_key has 0 bytes, not 1 to 1024"),
        ("key long", "public_key", Cbor.Bytes(new byte[1025]), "public_key has 1025 bytes, not 0 to 1024".Replace("not 0", "not 1", StringComparison.Ordinal)),
        ("key a text", "public_key", Cbor.Text("x"), "public_key is not a byte string in one piece"),
        ("key undefined", "public_key", [0xf7], "public_key is not a byte string in one piece"),
        ("key false", "public_key", [0xf4], "public_key is not a byte string in one piece"),
        ("user data long", "user_data", Cbor.Bytes(new byte[1025]), "user_data has 1025 bytes, not 0 to 1024"),
        ("user data a map", "user_data", Cbor.Map(), "user_data is not a byte string in one piece"),
        ("nonce long", "nonce", Cbor.Bytes(new byte[1025]), "nonce has 1025 bytes, not 0 to 1024"),
        ("nonce a number", "nonce", Cbor.Number(7), "nonce is not a byte string in one piece"),
        ("nonce in pieces", "nonce", [.. Cbor.Indefinite(2), .. Cbor.Bytes(6), .. Cbor.Break], "nonce is not a byte string in one piece"),
        ("nonce tagged", "nonce", [0xc2, .. Cbor.Bytes(6)], "nonce is not a byte string in one piece"),
    ];

    public static TheoryData<string> WrongValues => [.. s_wrongValues.Select(one => one.Name)];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_sound_document_is_read_whatever_the_order_of_its_fields(bool isIndefinite)
    {
        for (int turn = 0; turn < s_fields.Length; turn++)
        {
            AttestationDocument document = AttestationDocumentReader.Read(Payload([.. s_fields.Skip(turn), .. s_fields.Take(turn)], isIndefinite));
            Assert.Equal(AttestationKind.NitroTpm, document.Kind);
            Assert.Equal("i-0123456789abcdef0-tpm0000000000000000", document.ModuleId);
            Assert.Equal(new DateTime(2023, 11, 14, 22, 13, 20), document.Timestamp.UtcDateTime);
            Assert.Equal([0, 4], document.Pcrs.Keys);
            Assert.Equal(2, document.CaBundle.Count);
            Assert.Null(document.PublicKey);
            Assert.Equal(0, document.UserData!.Value.Length);
            Assert.Equal([6], document.Nonce!.Value.ToArray());
        }
    }

    [Fact]
    public void What_a_requester_may_leave_out_may_be_absent()
    {
        AttestationDocument document = AttestationDocumentReader.Read(Payload(s_fields[..6]));
        Assert.Null(document.PublicKey);
        Assert.Null(document.UserData);
        Assert.Null(document.Nonce);
    }

    [Fact]
    public void What_is_written_is_read_and_written_the_same()
    {
        byte[] payload = Payload(s_fields);
        Assert.Equal(payload, AttestationDocumentWriter.WritePayload(AttestationDocumentReader.Read(payload)));
    }

    [Theory]
    [MemberData(nameof(WrongValues))]
    public void A_field_of_another_type_or_size_is_refused(string name)
    {
        (_, string field, byte[]? value, string problem) = s_wrongValues.Single(one => one.Name == name);
        (string, byte[])[] fields = [.. s_fields.Where(f => f.Name != field || value is not null).Select(f => f.Name == field ? (field, value!) : f)];
        Assert.Equal(problem, Refused(Payload(fields)));
    }

    [Fact]
    public void A_field_that_is_unknown_or_there_twice_is_refused()
    {
        Assert.Equal("field \"Nonce\" is not one of an attestation document", Refused(Payload([.. s_fields, ("Nonce", Cbor.Null)])));
        Assert.Equal("field \"\\u001b\" is not one of an attestation document", Refused(Payload([("\u001b", Cbor.Null), .. s_fields])));
        foreach ((string name, byte[] value) in s_fields)
        {
            Assert.Equal($"field \"{name}\" is there twice", Refused(Payload([.. s_fields, (name, value)])));
            Assert.Equal($"field \"{name}\" is there twice", Refused(Payload([(name, value), .. s_fields])));
        }

        Assert.Equal("the document has both \"nitrotpm_pcrs\" and \"pcrs\"", Refused(Payload([.. s_fields, ("pcrs", s_fields[3].Value)])));
        Assert.Equal("a field's name is not a text in one piece", Refused([.. Cbor.Map((Cbor.Number(1), Cbor.Null))]));
        Assert.Equal("the document has more than 10 items", Refused(Payload([.. s_fields[..6], .. Enumerable.Range(0, 5).Select(i => ($"x{i}", Cbor.Null))]).AsSpan().ToArray(), allowOther: true));
    }

    [Fact]
    public void A_payload_of_another_shape_is_refused()
    {
        byte[] sound = Payload(s_fields);
        Assert.Equal("1 bytes follow the map", Refused([.. sound, 0]));
        Assert.Equal("the document is not a map", Refused(Cbor.Array(sound)));
        Assert.Equal("ends where the document should be", Refused([]));
        Assert.Equal("a field's name is not well-formed CBOR", Refused([.. Cbor.Indefinite(5), 0x78]));
        for (int length = 1; length < sound.Length; length++)
        {
            Refused(sound[..length]);
        }
    }

    private static string Refused(byte[] payload, bool allowOther = false)
    {
        string problem = Assert.Throws<MalformedInputException>(() => AttestationDocumentReader.Read(payload)).Problem;
        return allowOther && problem.StartsWith("field \"x0\"", StringComparison.Ordinal) ? "the document has more than 10 items" : problem;
    }

    private static byte[] Registers(params (int Index, int Length)[] registers) =>
        Cbor.Map([.. registers.Select(r => (Cbor.Number((ulong)r.Index), Cbor.Bytes(new byte[r.Length])))]);

    private static byte[] Payload((string Name, byte[] Value)[] fields, bool isIndefinite = true) => isIndefinite
        ? [.. Cbor.Indefinite(5), .. fields.SelectMany(f => (byte[])[.. Cbor.Text(f.Name), .. f.Value]), .. Cbor.Break]
        : Cbor.Map([.. fields.Select(f => (Cbor.Text(f.Name), f.Value))]);
}
