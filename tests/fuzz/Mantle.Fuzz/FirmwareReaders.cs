using System.Security.Cryptography;
using System.Text;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Measure.Prediction;

namespace Mantle.Fuzz;

/// <summary>UEFI variables and the signatures of images.</summary>
internal static class FirmwareReaders
{
    private static readonly byte[] s_digest = SHA256.HashData("image"u8);

    private static readonly Lazy<TestAuthority> s_authority = new(() => new TestAuthority("fuzz"));

    public static IReadOnlyList<FuzzReader> All { get; } =
    [
        new("efi signature list", () => [Lists()], bytes => SignatureDatabasePrinter.Print(SignatureDatabase.Read(bytes), TextWriter.Null)),
        new("efi authenticated variable", () => [Update()], bytes => AuthenticatedUpdate.Read(bytes)),
        new("efi update signature", () => [SignedUpdate()], ReadUpdateSignature),
        new("efi variable file", () => [[0x27, 0, 0, 0, .. Lists()]], bytes => EfiVariableFile.Read($"db-{EfiGuids.ImageSecurityDatabase}", bytes)),
        new("efi variable store", () => [Store()], bytes => VariableStore.Read(bytes)),
        new("uefi data", () => [Blob()], bytes => UefiData.ReadBlob(bytes)),
        new("uefi data text", () => [Encoding.ASCII.GetBytes(Text())], bytes => UefiData.Read(bytes)),
        new("x.509 certificate", () => [s_authority.Value.Der], bytes => SigningCertificate.Read(bytes)),
        new("authenticode", () => [s_authority.Value.Sign(s_digest)], ReadSignature),
        new("signature list file", () => [Lists(), Update(), s_authority.Value.Der, Encoding.ASCII.GetBytes(s_authority.Value.Certificate.ExportCertificatePem())],
            bytes => SignatureListFile.Read("input", bytes, TestAuthority.Owner))
        {
            Refuses = BootReaders.IsRefusal,
        },
    ];

    private static void ReadSignature(byte[] bytes)
    {
        AuthenticodeSignature signature = AuthenticodeSignature.Read(bytes);
        AuthenticodeVerifier.IsVouchedFor(signature, s_digest, SigningCertificate.Read(s_authority.Value.Der));
        AuthenticodeVerifier.CarriedChain(signature);
    }

    private static byte[] Lists() => SignatureDatabase.Write(s_authority.Value.List, SignatureList.OfSha256(TestAuthority.Owner, new byte[32], s_digest));

    private static byte[] Update() => new AuthenticatedUpdate(new byte[16], new byte[] { 0x30, 0 }, Lists()).ToArray();

    private static byte[] SignedUpdate()
    {
        UpdateRequest request = new(Variable(Lists()), DateTimeOffset.UnixEpoch, SigningCertificate.Read(s_authority.Value.Der));
        return request.Complete(s_authority.Value.SignData(request.ToBeSigned)).ToArray();
    }

    private static void ReadUpdateSignature(byte[] bytes) =>
        UpdateSignature.IsSignedBy(AuthenticatedUpdate.Read(bytes), EfiGuids.ImageSecurityDatabase, "db", SigningCertificate.Read(s_authority.Value.Der));

    private static EfiVariable Variable(byte[] content) => new(EfiGuids.ImageSecurityDatabase, "db", EfiVariableAttributes.SecureBootVariable, content);

    private static string Text() => UefiData.Write([new(EfiGuids.ImageSecurityDatabase, "db", EfiVariableAttributes.SecureBootVariable, Lists())]);

    private static byte[] Blob() => Convert.FromBase64String(Text());

    /// <summary>A volume's header, the store's header, one variable that was added, erased flash.</summary>
    private static byte[] Store()
    {
        using MemoryStream output = new();
        using BinaryWriter writer = new(output);
        writer.Write(new byte[40]);
        writer.Write("_FVH"u8);
        writer.Write(0);
        writer.Write((ushort)72);
        writer.Write(new byte[22]);
        byte[] lists = Lists();
        writer.Write(new Guid("aaf32c78-947b-439a-a180-2e144ec37792").ToByteArray());
        writer.Write(28 + 60 + 6 + lists.Length + 64);
        writer.Write([0x5a, 0xfe, 0, 0, 0, 0, 0, 0]);
        writer.Write([0xaa, 0x55, 0x3f, 0]);
        writer.Write((uint)EfiVariableAttributes.SecureBootVariable);
        writer.Write(new byte[8 + 16 + 4]);
        writer.Write(6);
        writer.Write(lists.Length);
        writer.Write(EfiGuids.ImageSecurityDatabase.ToByteArray());
        writer.Write(Encoding.Unicode.GetBytes("db\0"));
        writer.Write(lists);
        writer.Write(Enumerable.Repeat((byte)0xff, 64).ToArray());
        writer.Flush();
        return output.ToArray();
    }
}
