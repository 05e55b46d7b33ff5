using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;

namespace Mantle.Emulator.Kms;

/// <summary>What uses an asymmetric key for signatures.</summary>
public sealed partial class KmsService
{
    private JsonObject Sign(KmsRequest request)
    {
        (KmsKey key, string algorithm, byte[] input) = SigningInput(request, "Sign");
        byte[] signature = KeyMaterial.SignsMessage(algorithm) ? key.Material.SignMessage(algorithm, input) : key.Material.SignDigest(algorithm, input);
        return new() { ["KeyId"] = key.Arn, ["Signature"] = Convert.ToBase64String(signature), ["SigningAlgorithm"] = algorithm };
    }

    private JsonObject Verify(KmsRequest request)
    {
        (KmsKey key, string algorithm, byte[] input) = SigningInput(request, "Verify");
        byte[] signature = request.Input.RequiredBytes("Signature", 6144);
        return (KeyMaterial.SignsMessage(algorithm) ? key.Material.VerifyMessage(algorithm, input, signature) : key.Material.VerifyDigest(algorithm, input, signature))
            ? new() { ["KeyId"] = key.Arn, ["SignatureValid"] = true, ["SigningAlgorithm"] = algorithm }
            : throw new KmsErrorException("KMSInvalidSignatureException", "");
    }

    private JsonObject GetPublicKey(KmsRequest request)
    {
        KmsKey key = Authorized(request, "GetPublicKey");
        RequireState(key);
        bool signs = key.Usage == "SIGN_VERIFY";
        return new()
        {
            ["CustomerMasterKeySpec"] = key.Material.Spec,
            ["KeyId"] = key.Arn,
            ["KeySpec"] = key.Material.Spec,
            ["KeyUsage"] = key.Usage,
            ["PublicKey"] = Convert.ToBase64String(key.Material.ExportPublicKey()),
            [signs ? "SigningAlgorithms" : "EncryptionAlgorithms"] = Array(signs ? key.Material.SigningAlgorithms : key.Material.EncryptionAlgorithms),
        };
    }

    /// <summary>What goes into the signature: the digest, or the message where the algorithm signs it whole.</summary>
    private (KmsKey Key, string Algorithm, byte[] Input) SigningInput(KmsRequest request, string operation)
    {
        byte[] message = request.Input.RequiredBytes("Message", 4096);
        string type = request.Input.Text("MessageType") ?? "RAW", algorithm = request.Input.RequiredText("SigningAlgorithm");
        request.Context["kms:MessageType"] = [type];
        request.Context["kms:SigningAlgorithm"] = [algorithm];
        KmsKey key = Authorized(request, operation);
        RequireUse(key, "SIGN_VERIFY", null);
        if (KeyMaterial.SignsMessage(algorithm) || algorithm == "ED25519_PH_SHA_512")
        {
            return type == (KeyMaterial.SignsMessage(algorithm) ? "RAW" : "DIGEST") ? (key, algorithm, message)
                : throw KmsErrorException.Validation($"MessageType {type} is not compatible with algorithm {algorithm}.");
        }

        byte[] digest = type == "DIGEST" ? message : CryptographicOperations.HashData(KeyMaterial.HashOf(algorithm), message);
        return (key, algorithm, digest);
    }
}
