using Mantle.Formats.Bytes;
using Mantle.Formats.Cose;
using Mantle.Testing;

namespace Mantle.Formats.Tests.Cose;

public class CoseSign1Tests
{
    private static readonly byte[] s_header = Cbor.Map((Cbor.Number(1), Cbor.Negative(-35)));
    private static readonly byte[] s_signature = new byte[96];
    private static readonly byte[] s_empty = Cbor.Map();

    private static readonly (string Name, byte[] Message, string Problem)[] s_wrong =
    [
        ("nothing", [], "ends where the message should be"),
        ("a map", Cbor.Map(), "the message is not an array"),
        ("an empty array", Cbor.Array(), "the message has 0 items, not 4"),
        ("three items", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Bytes(1)), "the message has 3 items, not 4"),
        ("five items", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Bytes(1), Cbor.Bytes(s_signature), Cbor.Null), "the message has more than 4 items"),
        ("tag 17", [0xd1, .. Message()], "tag 17 is not 18"),
        ("tag 61 in front of 18", [0xd8, 61, 0xd2, .. Message()], "tag 61 is not 18"),
        ("tag 18 twice", [0xd2, 0xd2, .. Message()], "the message is not an array"),
        ("tag 18 in two bytes", [0xd8, 18, .. Message()], "the head of tag takes 2 bytes where 1 are enough"),
        ("an array with a long head", [.. Cbor.LongHead(4, 4, 4), .. Message()[1..]], "the head of the message takes 5 bytes where 1 are enough"),
        ("a byte behind", [.. Message(), 0], "1 bytes follow the message"),
        ("a message behind", [.. Message(), .. Message()], $"{Message().Length} bytes follow the message"),
        ("header a map", Cbor.Array(s_header, s_empty, Cbor.Bytes(1), Cbor.Bytes(s_signature)), "the protected header is not a byte string in one piece"),
        ("header empty", Message(header: []), "ends where the protected header should be"),
        ("header without algorithm", Message(header: Cbor.Map()), "the protected header names no algorithm"),
        ("header with a text for the algorithm", Message(header: Cbor.Map((Cbor.Number(1), Cbor.Text("ES384")))), "the algorithm is not a number"),
        ("header with an enormous algorithm", Message(header: Cbor.Map((Cbor.Number(1), Cbor.Number(ulong.MaxValue)))), "the algorithm is not well-formed CBOR"),
        ("header with another label", Message(header: Cbor.Map((Cbor.Number(4), Cbor.Bytes(1)))), "header 4 is not expected in the protected header"),
        ("header with the algorithm twice", Message(header: Cbor.Map((Cbor.Number(1), Cbor.Negative(-35)), (Cbor.Number(1), Cbor.Negative(-7)))), "the protected header has more than 1 items"),
        ("header with something behind", Message(header: [.. s_header, 0]), "bytes follow the protected header"),
        ("header long", Message(header: new byte[65]), "the protected header has 65 bytes, not 0 to 64"),
        ("header in pieces", Cbor.Array([.. Cbor.Indefinite(2), .. Cbor.Bytes(s_header), .. Cbor.Break], s_empty, Cbor.Bytes(1), Cbor.Bytes(s_signature)), "the protected header is not a byte string in one piece"),
        ("algorithm unprotected", Cbor.Array(Cbor.Bytes(s_header), s_header, Cbor.Bytes(1), Cbor.Bytes(s_signature)), "the unprotected header has more than 0 items"),
        ("unprotected a string", Cbor.Array(Cbor.Bytes(s_header), Cbor.Bytes(), Cbor.Bytes(1), Cbor.Bytes(s_signature)), "the unprotected header is not a map"),
        ("payload elsewhere", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Null, Cbor.Bytes(s_signature)), "the payload is not a byte string in one piece"),
        ("payload empty", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Bytes(), Cbor.Bytes(s_signature)), "the payload has 0 bytes, not 1 to 262144"),
        ("payload a map", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Map(), Cbor.Bytes(s_signature)), "the payload is not a byte string in one piece"),
        ("payload of enormous length", [0x84, .. Cbor.Bytes(s_header), .. s_empty, .. Cbor.LongHead(2, ulong.MaxValue, 8)], "the payload is not well-formed CBOR"),
        ("payload of large length", [0x84, .. Cbor.Bytes(s_header), .. s_empty, .. Cbor.LongHead(2, int.MaxValue, 4), 1], "the payload is not well-formed CBOR"),
        ("payload with a long head", Cbor.Array(Cbor.Bytes(s_header), s_empty, [.. Cbor.LongHead(2, 1, 2), 1], Cbor.Bytes(s_signature)), "the head of the payload takes 3 bytes where 1 are enough"),
        ("signature empty", Message(signature: []), "the signature has 0 bytes, not 1 to 256"),
        ("signature long", Message(signature: new byte[257]), "the signature has 257 bytes, not 1 to 256"),
        ("signature null", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Bytes(1), Cbor.Null), "the signature is not a byte string in one piece"),
        ("several signatures", Cbor.Array(Cbor.Bytes(s_header), s_empty, Cbor.Bytes(1), Cbor.Array(Cbor.Bytes(s_signature))), "the signature is not a byte string in one piece"),
    ];

    public static TheoryData<string> Wrong => [.. s_wrong.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_message_that_is_wrong_in_one_thing_is_refused(string name)
    {
        (_, byte[] message, string problem) = s_wrong.Single(one => one.Name == name);
        Assert.Equal(problem, Assert.Throws<MalformedInputException>(() => CoseSign1.Read(message)).Problem);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_is_read(bool isTagged)
    {
        byte[] message = CoseSign1Writer.Write([1, 2, 3], CoseAlgorithm.Es384, _ => s_signature, isTagged);
        CoseSign1 read = CoseSign1.Read(message);

        Assert.Equal(isTagged, read.IsTagged);
        Assert.Equal(CoseAlgorithm.Es384, read.Algorithm);
        Assert.Equal([1, 2, 3], read.Payload.ToArray());
        Assert.Equal(s_signature, read.Signature.ToArray());
        Assert.Equal(message.Length, read.Length);
        Assert.Equal([1, 2, 3], message[read.PayloadOffset..(read.PayloadOffset + 3)]);
        Assert.Equal(message, CoseSign1Writer.Write(read.ProtectedHeader.Span, read.Payload.Span, read.Signature.Span, isTagged));
    }

    [Fact]
    public void Bytes_behind_are_reported_when_they_are_let_pass()
    {
        CoseSign1 read = CoseSign1.Read((byte[])[.. Message(), 1, 2, 3], allowTrailing: true);
        Assert.Equal(3, read.TrailingLength);
        Assert.Equal(Message().Length, read.Length);
    }

    [Fact]
    public void An_array_of_indefinite_length_is_read_like_any_other() =>
        Assert.Equal([1], CoseSign1.Read((byte[])[.. Cbor.Indefinite(4), .. Message()[1..], .. Cbor.Break]).Payload.ToArray());

    [Fact]
    public void Every_cut_is_refused()
    {
        for (int length = 0; length < Message().Length; length++)
        {
            Assert.Throws<MalformedInputException>(() => CoseSign1.Read(Message().AsMemory(0, length)));
        }
    }

    [Fact]
    public void Deep_nesting_is_refused_at_once()
    {
        byte[] deep = new byte[200_000];
        Array.Fill(deep, (byte)0x81);
        Assert.Throws<MalformedInputException>(() => CoseSign1.Read(deep));
        Array.Fill(deep, (byte)0x9f);
        Assert.Throws<MalformedInputException>(() => CoseSign1.Read(deep));
    }

    [Fact]
    public void The_signed_bytes_are_those_of_the_specification() =>
        Assert.Equal(
            Cbor.Array(Cbor.Text("Signature1"), Cbor.Bytes(s_header), Cbor.Bytes(), Cbor.Bytes(1)),
            CoseSign1.Read(Message()).ToBeSigned());

    /// <summary>OpenSSL is the other oracle: it verifies the signature over the bytes that we say are signed.</summary>
    [Fact]
    public void Openssl_verifies_the_signature_over_the_signed_bytes()
    {
        NitroPki pki = new();
        byte[] message = CoseSign1Writer.Write("content"u8, CoseAlgorithm.Es384, pki.Sign);
        using TemporaryFolder folder = new();
        CoseSign1 read = CoseSign1.Read(message);
        File.WriteAllBytes(folder["data"], read.ToBeSigned());
        File.WriteAllBytes(folder["signature"], Der(read.Signature.Span));
        File.WriteAllText(folder["key.pem"], pki.Keys[^1].ExportSubjectPublicKeyInfoPem());
        Assert.Contains("Verified OK", Oracle.Succeed("openssl", "dgst", "-sha384", "-verify", folder["key.pem"], "-signature", folder["signature"], folder["data"]), StringComparison.Ordinal);
    }

    private static byte[] Der(ReadOnlySpan<byte> signature)
    {
        System.Formats.Asn1.AsnWriter writer = new(System.Formats.Asn1.AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(new System.Numerics.BigInteger(signature[..48], isUnsigned: true, isBigEndian: true));
            writer.WriteInteger(new System.Numerics.BigInteger(signature[48..], isUnsigned: true, isBigEndian: true));
        }

        return writer.Encode();
    }

    private static byte[] Message(byte[]? header = null, byte[]? signature = null) =>
        Cbor.Array(Cbor.Bytes(header ?? s_header), s_empty, Cbor.Bytes(1), Cbor.Bytes(signature ?? s_signature));
}
