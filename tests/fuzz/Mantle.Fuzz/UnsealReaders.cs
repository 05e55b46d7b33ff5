extern alias unseal;

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using Mantle.Fuzz.Seeds;
using unseal::Mantle.Unseal;
using unseal::Mantle.Unseal.Broker;
using unseal::Mantle.Unseal.Configuration;
using unseal::Mantle.Unseal.Control;
using unseal::Mantle.Unseal.Imds;
using unseal::Mantle.Unseal.Kms;
using unseal::Mantle.Unseal.Sealing;
using unseal::Mantle.Unseal.Tpm;

namespace Mantle.Fuzz;

/// <summary>What the unsealing program reads: from the TPM, KMS, the metadata service, a disk, the service, process 1.</summary>
internal static class UnsealReaders
{
    private static readonly Lazy<RSA> s_key = new(() => RSA.Create(2048));

    // Heads of ASN.1 items: indefinite lengths, lengths that lie, tags that the message has.
    private static readonly IReadOnlyList<byte[]> s_asn1 =
    [
        [0x30, 0x80], [0x24, 0x80], [0xa0, 0x80], [0, 0], [0x04, 0x82, 1, 0], [0x30, 0x84, 0x7f, 0xff, 0xff, 0xff], [0x30, 0x89], [0x02, 1, 2], [0x05, 0], [0x31, 0x80], [0x80, 0x20],
    ];

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        Guest("tpm response", () => [Response(false), Response(true)], ReadResponse),
        Guest("tpm session response", () => [Convert.FromHexString("0040" + new string('a', 128) + "01" + "0040" + new string('b', 128))], ReadSession),
        Guest("tpm endorsement key", () => [Endorsement()], bytes => EndorsementKey.ReadModulus(bytes)),
        Guest("nitro answer", () => [Answer()], bytes => NitroMessage.ReadDocument(bytes)) with { Words = [[0xa1], [0xbf], [0xff], [0x5f], [0x59, 0x10, 0], [0x5a, 0x7f, 0xff, 0xff, 0xff], .. Texts.Words("eError", "kAttestation")] },
        Guest("cms", () => [Message(), Message()], bytes => RecipientMessage.Read(bytes).Open(s_key.Value).Dispose()) with { Words = s_asn1 },
        Guest("sealed blob", () => [Blob(0), Blob(1)], bytes => SealedBlob.Read(bytes, allowsPadding: true).Open(new(32)).Dispose()),
        Guest("control message", () => [Texts.Bytes("B\u0003abcdef"), Texts.Bytes("G"), Texts.Bytes("A")], bytes => ControlMessage.Read(bytes)),
        Guest("attestation request", () => [[1, .. new byte[32], 2, 3, 4]], bytes => BrokerRequest.Read(bytes).UserData.ToString()),
        Guest("role name", () => [Texts.Bytes("mantle-appliance\n")], bytes => MetadataService.ReadRole(Encoding.UTF8.GetString(bytes))) with { RefusesAlike = true },
        Guest("role credentials", () => [Texts.Bytes("""{"Code":"Success","AccessKeyId":"a","SecretAccessKey":"b","Token":"c","Expiration":"d"}""")], bytes => MetadataService.ReadCredentials(bytes)),
        Guest("unseal configuration", () => [Texts.Bytes(Configuration)], bytes => UnsealConfigurationReader.Read(bytes)) with { Words = Texts.Words("null", "[]", "{}", "\"\"", "0", "true", "\\ud800", "[", "{\"a\":") },
    ];

    private const string Configuration = """
        {"name":"a","service":{"user_id":1},"unseal":{"kms":{"region":"eu-central-1","endpoint":"https://kms.example","certificates":"/a"},
        "files":[{"name":"a","source":"/a","version":"1"}],"volumes":[{"name":"b","root_hash":"","version":"1","encrypted":true}]}}
        """;

    private static FuzzReader Guest(string name, Func<IReadOnlyList<byte[]>> seeds, Action<byte[]> read) => new(name, seeds, read)
    {
        Refuses = problem => problem is unseal::Mantle.Formats.Bytes.MalformedInputException or UnsealException,
        MaximumLength = 1 << 14,
    };

    private static byte[] Response(bool hasSessions) => hasSessions
        ? Convert.FromHexString("80020000001700000000" + "00000004" + "00020102" + "0000010000")
        : Convert.FromHexString("80010000000e00000000" + "00020102");

    private static void ReadResponse(byte[] bytes)
    {
        if (TpmReply.ReadCode(bytes) == 0)
        {
            TpmReply.Read(bytes, hasSessions: bytes[1] == 2, hasHandle: bytes.Length >= 32);
        }
    }

    /// <summary>Nobody here knows the session's key, so nothing may be accepted.</summary>
    private static void ReadSession(byte[] bytes)
    {
        using HmacSession session = new(1, new byte[32], new byte[64], new byte[64]);
        int size = 16 + bytes.Length;
        byte[] message = [0x80, 2, 0, 0, (byte)(size >> 8), unchecked((byte)size), 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, .. bytes];
        TpmReply reply = TpmReply.Read(message, hasSessions: true, hasHandle: false);
        try
        {
            session.Accept(TpmCode.NvRead, reply, [], TpmSessionAttributes.Continue);
        }
        catch (unseal::Mantle.Formats.Bytes.MalformedInputException)
        {
            return;
        }

        throw new InvalidOperationException("an HMAC that nobody computed is right");
    }

    private static byte[] Endorsement() => Convert.FromHexString(
        "013a" + "0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa" + "000600800043001008000000" + "0000" + "0100" + new string('b', 512) + "0000");

    private static byte[] Answer() => [0xa1, 0x6b, .. "Attestation"u8, 0xa1, 0x68, .. "document"u8, 0x44, 1, 2, 3, 4, 0xff, 0xff];

    /// <summary>As KMS writes it, but for the lengths, which the words make indefinite.</summary>
    private static byte[] Message()
    {
        AsnWriter writer = new(AsnEncodingRules.BER);
        using Aes aes = Aes.Create();
        Asn1Tag context0 = new(TagClass.ContextSpecific, 0), context1 = new(TagClass.ContextSpecific, 1);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.7.3");
            using (writer.PushSequence(context0))
            using (writer.PushSequence())
            {
                writer.WriteInteger(2);
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteInteger(2);
                    writer.WriteOctetString(new byte[32], context0);
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("1.2.840.113549.1.1.7");
                        using (writer.PushSequence())
                        {
                            using (writer.PushSequence(context0))
                            {
                                WriteSha256(writer);
                            }

                            using (writer.PushSequence(context1))
                            using (writer.PushSequence())
                            {
                                writer.WriteObjectIdentifier("1.2.840.113549.1.1.8");
                                WriteSha256(writer);
                            }
                        }
                    }

                    writer.WriteOctetString(s_key.Value.Encrypt(aes.Key, RSAEncryptionPadding.OaepSHA256));
                }

                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier("1.2.840.113549.1.7.1");
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("2.16.840.1.101.3.4.1.42");
                        writer.WriteOctetString(aes.IV);
                    }

                    writer.WriteOctetString(aes.EncryptCbc("plaintext"u8, aes.IV), context0);
                }
            }
        }

        byte[] message = writer.Encode();
        RecipientMessage.Read(message).Open(s_key.Value).Dispose(); // a seed must be sound
        return message;
    }

    private static void WriteSha256(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("2.16.840.1.101.3.4.2.1");
            writer.WriteNull();
        }
    }

    /// <summary>Sealed with a key of zeros.</summary>
    private static byte[] Blob(byte algorithm)
    {
        byte[] head = [.. "MANTLESK"u8, 0, 0, 0, 1, 0, 0, 0, 4, 1, 2, 3, 4, algorithm];
        if (algorithm == 0)
        {
            return [.. head, .. new byte[8]];
        }

        byte[] nonce = new byte[12], content = new byte[2], tag = new byte[16];
        using AesGcm cipher = new(new byte[32], 16);
        cipher.Encrypt(nonce, "ab"u8, content, tag, head);
        return [.. head, .. nonce, 0, 0, 0, 2, .. content, .. tag];
    }
}
