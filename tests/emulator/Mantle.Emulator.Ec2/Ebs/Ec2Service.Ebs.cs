using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mantle.Emulator.Ec2.Ebs;
using Mantle.Emulator.Ec2.Wire;

namespace Mantle.Emulator.Ec2;

/// <summary>The EBS direct APIs (EBS direct APIs Reference).</summary>
public sealed partial class Ec2Service
{
    private const int LargestVolume = 65_536;

    private int _putsAtOnce;

    private Answer StartSnapshot(Ec2Request request)
    {
        JsonElement body = Parse(request);
        int size = body.TryGetProperty("VolumeSize", out JsonElement volume) && volume.TryGetInt32(out int given) ? given : 0;
        if (size is < 1 or > LargestVolume)
        {
            throw Ec2ErrorException.Validation("The volume size is not valid.", "INVALID_VOLUME_SIZE");
        }

        int timeout = body.TryGetProperty("Timeout", out JsonElement minutes) ? minutes.GetInt32() : 60;
        if (timeout is < 10 or > 4320)
        {
            throw Ec2ErrorException.Validation("Timeout must be between 10 and 4320.", "INVALID_PARAMETER_VALUE");
        }

        string? token = body.TryGetProperty("ClientToken", out JsonElement text) ? text.GetString() : null;
        string meant = body.GetRawText();
        if (token is { Length: < 1 or > 255 })
        {
            throw Ec2ErrorException.Validation("ClientToken must have 1 to 255 characters.", "INVALID_PARAMETER_VALUE");
        }

        if (token is not null && _snapshots.Values.FirstOrDefault(snapshot => snapshot.ClientToken == token && snapshot.Region == request.Region && snapshot.Owner == request.Caller.Account) is { } known)
        {
            return known.Request == meant ? Started(known) : throw new Ec2ErrorException("ConflictException", "The client token was used with other parameters.", 503);
        }

        if (_snapshots.Values.Count(snapshot => snapshot.Region == request.Region && snapshot.State == "pending" && snapshot.Owner == request.Caller.Account) >= MaximumPendingSnapshots)
        {
            throw new Ec2ErrorException("ConcurrentLimitExceededException", "You have reached the limit for concurrent API requests.");
        }

        if (_snapshots.Values.Count(snapshot => snapshot.Region == request.Region && snapshot.Owner == request.Caller.Account) >= MaximumSnapshots)
        {
            throw new Ec2ErrorException("ServiceQuotaExceededException", "Your current service quotas do not allow you to perform this action.", 402, "DEPENDENCY_SERVICE_QUOTA_EXCEEDED");
        }

        EmulatedSnapshot made = NewSnapshot(request.Region, request.Caller.Account, size, body.TryGetProperty("Description", out JsonElement d) ? d.GetString()! : "", token, meant, TimeSpan.FromMinutes(timeout));
        made.Invisible = CallsUntilSnapshotIsVisible;
        if (body.TryGetProperty("Tags", out JsonElement tags))
        {
            foreach (JsonElement tag in tags.EnumerateArray())
            {
                made.Tags[tag.GetProperty("Key").GetString()!] = tag.GetProperty("Value").GetString()!;
            }
        }

        return Started(made);
    }

    private EmulatedSnapshot NewSnapshot(string region, string owner, int size, string description, string? token = null, string request = "", TimeSpan timeout = default)
    {
        string id = NewId("snap");
        EmulatedSnapshot made = new(Path.Combine(_options.Folder, $"{region}-{id}.raw"))
        {
            Id = id, Region = region, Owner = owner, VolumeSize = size, Description = description, ClientToken = token, Request = request, Started = Now, LastWrite = Now, Timeout = timeout,
        };
        _snapshots.Add(id, made);
        return made;
    }

    private static Answer Started(EmulatedSnapshot snapshot) => Answer.Json(201, new JsonObject
    {
        ["SnapshotId"] = snapshot.Id,
        ["OwnerId"] = snapshot.Owner,
        ["Status"] = snapshot.State,
        ["StartTime"] = snapshot.Started.ToUnixTimeSeconds(),
        ["VolumeSize"] = snapshot.VolumeSize,
        ["BlockSize"] = EmulatedSnapshot.BlockSize,
        ["Description"] = snapshot.Description,
        ["Tags"] = new JsonArray([.. snapshot.Tags.Select(tag => (JsonNode)new JsonObject { ["Key"] = tag.Key, ["Value"] = tag.Value })]),
    });

    private Answer PutSnapshotBlock(Ec2Request request)
    {
        try
        {
            if (Interlocked.Increment(ref _putsAtOnce) > MaximumPutsAtOnce)
            {
                throw new Ec2ErrorException("RequestThrottledException", "The number of API requests has exceeded the maximum allowed for the account.", 400, "ACCOUNT_THROTTLED");
            }

            EmulatedSnapshot snapshot = FindPending(request);
            int index = request.Route!.Block!.Value;
            string length = request.Http.Headers["x-amz-Data-Length"].ToString();
            string checksum = request.Http.Headers["x-amz-Checksum"].ToString();
            string progress = request.Http.Headers["x-amz-Progress"].ToString();
            if (index < 0 || index >= (long)snapshot.VolumeSize * 2048)
            {
                throw Ec2ErrorException.Validation("The block index is not valid.", "INVALID_BLOCK");
            }

            if (length != "524288" || request.Body.Length != EmulatedSnapshot.BlockSize || request.Http.ContentLength != EmulatedSnapshot.BlockSize)
            {
                throw Ec2ErrorException.Validation("The data length is not valid: 524288 is.", "INVALID_PARAMETER_VALUE");
            }

            if (progress.Length > 0 && (!int.TryParse(progress, NumberStyles.None, CultureInfo.InvariantCulture, out int percent) || percent > 100))
            {
                throw Ec2ErrorException.Validation("Progress must be 0 to 100.", "INVALID_PARAMETER_VALUE");
            }

            if (request.Http.Headers["x-amz-Checksum-Algorithm"] != "SHA256" || checksum != Convert.ToBase64String(SHA256.HashData(request.Body.Span)))
            {
                throw Ec2ErrorException.Validation("The checksum does not match the data.", "INVALID_CONTENT_CHECKSUM");
            }

            snapshot.Put(index, request.Body.Span);
            snapshot.LastWrite = Now;
            return new Answer(201, "application/json", "{}"u8.ToArray()) { Headers = [("x-amz-Checksum", checksum), ("x-amz-Checksum-Algorithm", "SHA256")] };
        }
        finally
        {
            Interlocked.Decrement(ref _putsAtOnce);
        }
    }

    private Answer CompleteSnapshot(Ec2Request request)
    {
        EmulatedSnapshot snapshot = Find(request);
        if (snapshot.State == "error")
        {
            throw Ec2ErrorException.Validation("The snapshot is in the state error.", "INVALID_SNAPSHOT_ID");
        }

        string count = request.Http.Headers["x-amz-ChangedBlocksCount"].ToString();
        if (count != snapshot.Blocks.Count.ToString(CultureInfo.InvariantCulture))
        {
            throw Ec2ErrorException.Validation($"{count} blocks were announced, {snapshot.Blocks.Count} written.", "INVALID_PARAMETER_VALUE");
        }

        if (request.Http.Headers["x-amz-Checksum"].ToString() is { Length: > 0 } checksum
            && (request.Http.Headers["x-amz-Checksum-Algorithm"] != "SHA256" || request.Http.Headers["x-amz-Checksum-Aggregation-Method"] != "LINEAR"
                || checksum != Convert.ToBase64String(SHA256.HashData(snapshot.Digests.SelectMany(digest => digest).ToArray()))))
        {
            throw Ec2ErrorException.Validation("The aggregated checksum does not match.", "INVALID_CONTENT_CHECKSUM");
        }

        if (snapshot.State == "pending")
        {
            snapshot.State = "completed";
            snapshot.PendingReads = ReadsUntilSnapshotCompletes;
        }

        return Answer.Json(202, new JsonObject { ["Status"] = snapshot.PendingReads > 0 ? "pending" : "completed" });
    }

    private Answer ListSnapshotBlocks(Ec2Request request)
    {
        EmulatedSnapshot snapshot = FindCompleted(request);
        string? token = request.Http.Query["pageToken"];
        string? most = request.Http.Query["maxResults"];
        string? first = request.Http.Query["startingBlockIndex"];
        int size = most is null ? 10_000 : int.Parse(most, CultureInfo.InvariantCulture);
        if (size is < 100 or > 10_000)
        {
            throw Ec2ErrorException.Validation("maxResults must be 100 to 10000.", "INVALID_PARAMETER_VALUE");
        }

        int from = token is not null ? ReadToken(token, snapshot.Id, "INVALID_PAGE_TOKEN") : first is not null ? int.Parse(first, CultureInfo.InvariantCulture) : 0;
        int[] rest = [.. snapshot.Blocks.Where(index => index >= from)];
        int[] page = [.. rest.Take(Math.Min(size, PageSize))];
        JsonObject answer = new()
        {
            ["BlockSize"] = EmulatedSnapshot.BlockSize,
            ["VolumeSize"] = snapshot.VolumeSize,
            ["ExpiryTime"] = Now.AddDays(7).ToUnixTimeSeconds(),
            ["Blocks"] = new JsonArray([.. page.Select(index => (JsonNode)new JsonObject { ["BlockIndex"] = index, ["BlockToken"] = Token(snapshot.Id, index) })]),
        };
        if (page.Length < rest.Length)
        {
            answer["NextToken"] = Token(snapshot.Id, rest[page.Length]);
        }

        return Answer.Json(200, answer);
    }

    private Answer GetSnapshotBlock(Ec2Request request)
    {
        EmulatedSnapshot snapshot = FindCompleted(request);
        int index = request.Route!.Block!.Value;
        if (ReadToken(request.Http.Query["blockToken"].ToString(), snapshot.Id, "INVALID_BLOCK_TOKEN") != index)
        {
            throw Ec2ErrorException.Validation("The block token is of another block.", "INVALID_BLOCK_TOKEN");
        }

        byte[] block = snapshot.Read(index) ?? throw new Ec2ErrorException("ResourceNotFoundException", "The block does not exist.", 404, "BLOCK_NOT_FOUND");
        return new Answer(200, "application/octet-stream", block)
        {
            Headers = [("x-amz-Data-Length", "524288"), ("x-amz-Checksum", Convert.ToBase64String(SHA256.HashData(block))), ("x-amz-Checksum-Algorithm", "SHA256")],
        };
    }

    private EmulatedSnapshot FindPending(Ec2Request request)
    {
        EmulatedSnapshot snapshot = Find(request);
        if (snapshot.State == "pending" && snapshot.LastWrite + snapshot.Timeout < Now)
        {
            snapshot.State = "error";
        }

        return snapshot.State == "pending" ? snapshot : throw Ec2ErrorException.Validation($"The snapshot is {snapshot.State}, not pending.", "INVALID_SNAPSHOT_ID");
    }

    private EmulatedSnapshot FindCompleted(Ec2Request request)
    {
        EmulatedSnapshot snapshot = Find(request);
        return snapshot.State == "completed" ? snapshot : throw Ec2ErrorException.Validation($"The snapshot is {snapshot.State}, not completed.", "INVALID_SNAPSHOT_ID");
    }

    /// <summary>The snapshot that the path names, once it is visible, for who may see it.</summary>
    private EmulatedSnapshot Find(Ec2Request request)
    {
        string id = request.Route!.Snapshot!;
        lock (_lock)
        {
            if (!_snapshots.TryGetValue(id, out EmulatedSnapshot? snapshot) || snapshot.Region != request.Region || --snapshot.Invisible >= 0)
            {
                throw Ec2ErrorException.NoSnapshot(id);
            }

            bool reads = request.Route.Operation is "ListSnapshotBlocks" or "GetSnapshotBlock";
            return snapshot.Owner == request.Caller.Account || (reads && (snapshot.SharedWith.Contains(request.Caller.Account) || snapshot.SharedWith.Contains("all"))) ? snapshot
                : throw new Ec2ErrorException("AccessDeniedException", "You do not have sufficient access to perform this action.", 403, "UNAUTHORIZED_ACCOUNT");
        }
    }

    private static JsonElement Parse(Ec2Request request)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(request.Body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new Ec2ErrorException("SerializationException", "The body is no JSON.");
        }
    }

    // Opaque, and of characters that a query has to escape.
    private static string Token(string snapshot, int index) => Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{snapshot}>>?{index}")));

    private static int ReadToken(string token, string snapshot, string reason)
    {
        byte[] bytes = new byte[token.Length];
        string text = Convert.TryFromBase64String(token, bytes, out int length) ? Encoding.UTF8.GetString(bytes.AsSpan(0, length)) : "";
        return text.Split(">>?") is [{ } id, { } index] && id == snapshot ? int.Parse(index, CultureInfo.InvariantCulture)
            : throw Ec2ErrorException.Validation("The token is not valid.", reason);
    }
}
