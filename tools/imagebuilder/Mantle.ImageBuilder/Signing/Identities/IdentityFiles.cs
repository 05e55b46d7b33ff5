using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Pe.Signing;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;
using Mantle.Measure.Release.Documents;

namespace Mantle.ImageBuilder.Signing.Identities;

/// <summary>The files of an identity's folder (docs/signing.md). All are public; all but the signed updates follow from the four signature lists.</summary>
public static class IdentityFiles
{
    /// <summary>Signature lists of PK.</summary>
    public const string PlatformKey = "PK.esl";

    /// <summary>Signature lists of KEK.</summary>
    public const string KeyExchangeKeys = "KEK.esl";

    /// <summary>Signature lists of db.</summary>
    public const string Allowed = "db.esl";

    /// <summary>Signature lists of dbx; left out where there are none.</summary>
    public const string Forbidden = "dbx.esl";

    /// <summary>EC2's UefiData, the text that RegisterImage takes.</summary>
    public const string UefiData = "uefi-data.txt";

    /// <summary>What is in the folder, for people and programs, with the PCR 7 to expect.</summary>
    public const string Summary = "identity.json";

    /// <summary>Version of <see cref="Summary"/>.</summary>
    public const int Version = 1;

    /// <summary>Everything that follows from the variables, the signature lists included: name and bytes.</summary>
    public static SortedDictionary<string, byte[]> Derive(SecureBootIdentity identity)
    {
        SecureBootVariables variables = identity.Variables;
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            [PlatformKey] = variables.PlatformKey.ToArray(),
            [KeyExchangeKeys] = variables.KeyExchangeKeys.ToArray(),
            [Allowed] = variables.Allowed.ToArray(),
            ["PK.pem"] = Pem(identity.PlatformKey),
            ["KEK.pem"] = Pem(identity.KeyExchangeKey),
            [UefiData] = Encoding.ASCII.GetBytes(Mantle.Formats.Efi.UefiData.Write(Variables(identity).Select(entry => entry.Variable)) + "\n"),
            [Summary] = WriteSummary(identity),
        };
        for (int i = 0; i < identity.Allowed.Count; i++)
        {
            files[NameOf(i)] = Pem(identity.Allowed[i]);
        }

        if (!variables.Forbidden.IsEmpty)
        {
            files[Forbidden] = variables.Forbidden.ToArray();
        }

        return files;
    }

    /// <summary>The variables in the order in which they can be enrolled while PK is not there yet, each with the file of its signed update.</summary>
    public static IReadOnlyList<(string File, EfiVariable Variable, SigningCertificate Signer)> Variables(SecureBootIdentity identity)
    {
        (string, EfiVariable, SigningCertificate) Entry(Guid vendor, string name, ReadOnlyMemory<byte> content, SigningCertificate signer) =>
            ($"{name}.auth", new(vendor, name, EfiVariableAttributes.SecureBootVariable, content), signer);

        SecureBootVariables variables = identity.Variables;
        return
        [
            .. variables.Forbidden.IsEmpty ? [] : new[] { Entry(EfiGuids.ImageSecurityDatabase, "dbx", variables.Forbidden, identity.KeyExchangeKey) },
            Entry(EfiGuids.ImageSecurityDatabase, "db", variables.Allowed, identity.KeyExchangeKey),
            Entry(EfiGuids.GlobalVariable, "KEK", variables.KeyExchangeKeys, identity.PlatformKey),
            Entry(EfiGuids.GlobalVariable, "PK", variables.PlatformKey, identity.PlatformKey),
        ];
    }

    /// <summary>The PCR 7 of a machine with this identity that starts an image by a certificate of db.</summary>
    public static IReadOnlyDictionary<TpmAlgorithm, TpmDigest> Pcr7(SecureBootIdentity identity, int certificate) =>
        SecureBootPolicy.Predict(identity.Variables, identity.AllowedEntries[certificate], TpmHash.Computable);

    private static string NameOf(int certificate) => certificate == 0 ? "db.pem" : string.Create(CultureInfo.InvariantCulture, $"db-{certificate + 1}.pem");

    private static byte[] Pem(SigningCertificate certificate) =>
        Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", certificate.Der.Span) + "\n");

    private static byte[] WriteSummary(SecureBootIdentity identity) => CanonicalJson.Write(json =>
    {
        json.WriteNumber("version", Version);
        json.WriteString("owner", identity.Owner);
        json.WriteStartArray("certificates");
        Write("PK", identity.PlatformKey, "PK.pem", null);
        Write("KEK", identity.KeyExchangeKey, "KEK.pem", null);
        for (int i = 0; i < identity.Allowed.Count; i++)
        {
            Write("db", identity.Allowed[i], NameOf(i), i);
        }

        json.WriteEndArray();

        void Write(string variable, SigningCertificate certificate, string file, int? allowed)
        {
            using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate.Der.Span);
            json.WriteStartObject();
            json.WriteString("variable", variable);
            json.WriteString("file", file);
            json.WriteString("subject", certificate.SubjectText);
            json.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(certificate.Der.Span)));
            json.WriteString("keyId", Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.Span)));
            json.WriteString("notBefore", Time(parsed.NotBefore));
            json.WriteString("notAfter", Time(parsed.NotAfter));
            if (allowed is { } index)
            {
                json.WriteStartObject("pcr7");
                foreach ((TpmAlgorithm bank, TpmDigest value) in Pcr7(identity, index))
                {
                    json.WriteString(bank.Name(), value.ToString());
                }

                json.WriteEndObject();
            }

            json.WriteEndObject();
        }
    });

    private static string Time(DateTime local) => UtcTime.Text(local.ToUniversalTime());
}
