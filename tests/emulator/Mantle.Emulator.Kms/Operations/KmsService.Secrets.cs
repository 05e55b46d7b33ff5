using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Mantle.Emulator.Kms.Keys;
using Mantle.Emulator.Kms.Operations;
using Mantle.Emulator.Kms.Recipient;

namespace Mantle.Emulator.Kms;

/// <summary>What uses the secret of a symmetric key.</summary>
public sealed partial class KmsService
{
    private const int MaximumPlaintext = 4096;
    private const int MaximumCiphertext = 6144;

    private readonly ConcurrentQueue<byte[]> _encrypted = new();

    /// <summary>Every plaintext that was given to Encrypt: what must be found nowhere else.</summary>
    public IReadOnlyList<byte[]> EncryptedPlaintexts => [.. _encrypted];

    private JsonObject Encrypt(KmsRequest request)
    {
        byte[] plaintext = request.Input.RequiredBytes("Plaintext", MaximumPlaintext);
        IReadOnlyDictionary<string, string> context = request.EncryptionContext();
        string algorithm = UseAlgorithm(request, "EncryptionAlgorithm");
        KmsKey key = Authorized(request, "Encrypt");
        RequireUse(key, "ENCRYPT_DECRYPT", algorithm);
        byte[] blob = key.Material.IsSymmetric ? key.Material.Encrypt(key.Id, plaintext, context) : key.Material.EncryptRsa(algorithm, plaintext);
        _encrypted.Enqueue(plaintext);
        return new() { ["CiphertextBlob"] = Convert.ToBase64String(blob), ["EncryptionAlgorithm"] = algorithm, ["KeyId"] = key.Arn };
    }

    private JsonObject Decrypt(KmsRequest request)
    {
        byte[] blob = request.Input.RequiredBytes("CiphertextBlob", MaximumCiphertext);
        IReadOnlyDictionary<string, string> context = request.EncryptionContext();
        string algorithm = UseAlgorithm(request, "EncryptionAlgorithm");
        KmsKey key = KeyOf(request, blob, "KeyId");
        Authorize(request, key, "Decrypt");
        JsonObject answer = new() { ["KeyId"] = key.Arn, ["EncryptionAlgorithm"] = algorithm };
        AddPlaintext(answer, request, Open(key, blob, algorithm, context));
        return answer;
    }

    private JsonObject ReEncrypt(KmsRequest request)
    {
        byte[] blob = request.Input.RequiredBytes("CiphertextBlob", MaximumCiphertext);
        KmsKey source = KeyOf(request, blob, "SourceKeyId");
        KmsKey destination = Find(request, request.Input.RequiredText("DestinationKeyId"));
        request.Context["kms:ReEncryptOnSameKey"] = [source == destination ? "true" : "false"];
        string from = UseAlgorithm(request, "SourceEncryptionAlgorithm");
        IReadOnlyDictionary<string, string> context = request.EncryptionContext("SourceEncryptionContext");
        Authorize(request, source, "ReEncryptFrom");
        string to = UseAlgorithm(request, "DestinationEncryptionAlgorithm");
        IReadOnlyDictionary<string, string> next = request.EncryptionContext("DestinationEncryptionContext");
        Authorize(request, destination, "ReEncryptTo");
        RequireUse(destination, "ENCRYPT_DECRYPT", to);
        byte[] plaintext = Open(source, blob, from, context);
        byte[] result = destination.Material.IsSymmetric ? destination.Material.Encrypt(destination.Id, plaintext, next) : destination.Material.EncryptRsa(to, plaintext);
        return new()
        {
            ["CiphertextBlob"] = Convert.ToBase64String(result),
            ["DestinationEncryptionAlgorithm"] = to,
            ["KeyId"] = destination.Arn,
            ["SourceEncryptionAlgorithm"] = from,
            ["SourceKeyId"] = source.Arn,
        };
    }

    private JsonObject GenerateDataKey(KmsRequest request)
    {
        (JsonObject answer, byte[] plaintext) = DataKey(request, "GenerateDataKey");
        AddPlaintext(answer, request, plaintext);
        return answer;
    }

    private JsonObject GenerateDataKeyWithoutPlaintext(KmsRequest request) => DataKey(request, "GenerateDataKeyWithoutPlaintext").Answer;

    private (JsonObject Answer, byte[] Plaintext) DataKey(KmsRequest request, string operation)
    {
        string? spec = request.Input.Text("KeySpec");
        int? bytes = request.Input.Number("NumberOfBytes");
        if (spec is null == bytes is null || spec is not (null or "AES_128" or "AES_256"))
        {
            throw KmsErrorException.Validation("Please specify either number of bytes or key spec.");
        }

        int length = bytes is null ? spec == "AES_128" ? 16 : 32 : request.Input.Number("NumberOfBytes", 1, 1024, 32);
        IReadOnlyDictionary<string, string> context = request.EncryptionContext();
        request.Context["kms:EncryptionAlgorithm"] = ["SYMMETRIC_DEFAULT"];
        KmsKey key = Authorized(request, operation);
        RequireUse(key, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT");
        byte[] plaintext = RandomNumberGenerator.GetBytes(length);
        return (new() { ["CiphertextBlob"] = Convert.ToBase64String(key.Material.Encrypt(key.Id, plaintext, context)), ["KeyId"] = key.Arn }, plaintext);
    }

    private JsonObject GenerateRandom(KmsRequest request)
    {
        AuthorizeWithoutKey(request, "GenerateRandom");
        JsonObject answer = [];
        AddPlaintext(answer, request, RandomNumberGenerator.GetBytes(request.Input.Number("NumberOfBytes", 1, 1024, 0)));
        return answer;
    }

    /// <summary>With a recipient the plaintext is in CiphertextForRecipient only.</summary>
    private static void AddPlaintext(JsonObject answer, KmsRequest request, byte[] plaintext, string member = "Plaintext")
    {
        if (request.Recipient is { } recipient)
        {
            answer["CiphertextForRecipient"] = Convert.ToBase64String(RecipientEnvelope.Seal(recipient.PublicKey.Span, plaintext));
        }
        else
        {
            answer[member] = Convert.ToBase64String(plaintext);
        }
    }

    private static string UseAlgorithm(KmsRequest request, string name)
    {
        string algorithm = request.Input.Text(name) ?? "SYMMETRIC_DEFAULT";
        request.Context["kms:EncryptionAlgorithm"] = [algorithm];
        return algorithm;
    }

    /// <summary>The key of a ciphertext: the one that it names, which must be the one that the request names.</summary>
    private KmsKey KeyOf(KmsRequest request, byte[] blob, string member)
    {
        KmsKey? wanted = request.Input.Text(member) is { } text ? Find(request, text) : null;
        if (wanted is { Material.IsSymmetric: false })
        {
            return wanted;
        }

        string id = KeyMaterial.KeyOf(blob) ?? throw new KmsErrorException("InvalidCiphertextException", "");
        if (wanted is not null)
        {
            return wanted.Id == id ? wanted
                : throw new KmsErrorException("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");
        }

        return _keys.Values.FirstOrDefault(key => key.Id == id && key.Region == request.Region)
            ?? throw new KmsErrorException("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.");
    }

    private static byte[] Open(KmsKey key, byte[] blob, string algorithm, IReadOnlyDictionary<string, string> context)
    {
        RequireUse(key, "ENCRYPT_DECRYPT", algorithm);
        return key.Material.IsSymmetric ? key.Material.Decrypt(blob, context) : key.Material.DecryptRsa(algorithm, blob);
    }

    private static void RequireUse(KmsKey key, string usage, string? algorithm)
    {
        RequireState(key);
        if (key.Usage != usage || (algorithm is not null && usage == "ENCRYPT_DECRYPT" && !key.Material.EncryptionAlgorithms.Contains(algorithm)))
        {
            throw new KmsErrorException("InvalidKeyUsageException", $"{key.Arn} key usage is {key.Usage} which is not valid for this operation.");
        }
    }
}
