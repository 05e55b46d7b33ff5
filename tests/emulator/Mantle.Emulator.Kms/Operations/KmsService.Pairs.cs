using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;

namespace Mantle.Emulator.Kms;

/// <summary>The other operations that give secrets away, and to a recipient if the request is attested: data key pairs and key agreement.</summary>
public sealed partial class KmsService
{
    private const int MaximumPublicKey = 8192;

    private JsonObject GenerateDataKeyPair(KmsRequest request)
    {
        (JsonObject answer, byte[] privateKey) = DataKeyPair(request, "GenerateDataKeyPair");
        AddPlaintext(answer, request, privateKey, "PrivateKeyPlaintext");
        return answer;
    }

    private JsonObject GenerateDataKeyPairWithoutPlaintext(KmsRequest request) => DataKeyPair(request, "GenerateDataKeyPairWithoutPlaintext").Answer;

    private (JsonObject Answer, byte[] PrivateKey) DataKeyPair(KmsRequest request, string operation)
    {
        string spec = request.Input.RequiredText("KeyPairSpec");
        IReadOnlyDictionary<string, string> context = request.EncryptionContext();
        request.Context["kms:DataKeyPairSpec"] = [spec];
        request.Context["kms:EncryptionAlgorithm"] = ["SYMMETRIC_DEFAULT"];
        KmsKey key = Authorized(request, operation);
        RequireUse(key, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT");
        using KeyMaterial pair = KeyMaterial.Create(spec);
        byte[] privateKey = pair.ExportPrivateKey();
        JsonObject answer = new()
        {
            ["KeyId"] = key.Arn,
            ["KeyPairSpec"] = spec,
            ["PrivateKeyCiphertextBlob"] = Convert.ToBase64String(key.Material.Encrypt(key.Id, privateKey, context)),
            ["PublicKey"] = Convert.ToBase64String(pair.ExportPublicKey()),
        };
        return (answer, privateKey);
    }

    private JsonObject DeriveSharedSecret(KmsRequest request)
    {
        string algorithm = request.Input.RequiredText("KeyAgreementAlgorithm");
        byte[] publicKey = request.Input.RequiredBytes("PublicKey", MaximumPublicKey);
        request.Context["kms:KeyAgreementAlgorithm"] = [algorithm];
        KmsKey key = Authorized(request, "DeriveSharedSecret");
        RequireUse(key, "KEY_AGREEMENT", null);
        JsonObject answer = new() { ["KeyId"] = key.Arn, ["KeyAgreementAlgorithm"] = algorithm, ["KeyOrigin"] = key.Origin };
        AddPlaintext(answer, request, key.Material.Agree(publicKey), "SharedSecret");
        return answer;
    }
}
