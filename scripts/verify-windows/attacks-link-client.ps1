# A client of the agent that PowerShell can run, for attacks as a person and for questions as an administrator.

# Connected, and proven by the token of an endpoint.
function Open-Link($Endpoint) {
  if ($null -eq ('KanadeVerify.Link' -as [type])) { Add-Type -TypeDefinition $LinkType }
  $stream = Open-Pipe '.' ($Endpoint.address -replace '^\\\\\.\\pipe\\', '')
  $link = New-Object KanadeVerify.Link $stream, $Endpoint.address, $Endpoint.token
  try {
    $answer = $link.ShakeWithin(5000)
    if ($answer -notmatch '"result"') { throw "the agent answers: $answer" }
  } catch {
    $stream.Dispose()
    throw
  }
  return [pscustomobject] @{ link = $link; stream = $stream }
}

# C# of .NET Framework 4.8, which has no AES-GCM of its own. Frames, handshake and seal are those of architecture §5.
$LinkType = @'
using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

namespace KanadeVerify {
  public sealed class Link {
    readonly Stream stream;
    readonly string address;
    readonly byte[] token;
    byte[] writeKey, readKey;
    ulong written, read;
    int lastId;

    public Link(Stream stream, string address, string token) {
      this.stream = stream;
      this.address = address;
      this.token = FromHex(token);
    }

    // Returns the answer of the agent.
    public string Shake() {
      string hello = ReadFrame() ?? "";
      Match found = Regex.Match(hello, "\"nonce\"\\s*:\\s*\"([0-9a-f]{64})\"");
      Match contract = Regex.Match(hello, "\"max\"\\s*:\\s*(\\d+)");
      if (!found.Success || !contract.Success) throw new IOException("no hello: " + hello);
      string agentNonce = found.Groups[1].Value, number = contract.Groups[1].Value;
      byte[] own = new byte[32];
      using (RandomNumberGenerator random = RandomNumberGenerator.Create()) random.GetBytes(own);
      string clientNonce = ToHex(own);
      string facts = "\"" + address.Replace("\\", "\\\\") + "\"," + number + ",\"cli\",\"" + agentNonce + "\",\"" + clientNonce + "\"]";
      string proof = ToHex(Hmac(token, Utf8("[\"kanade-tray\",\"client\"," + facts)));
      WriteFrame(Utf8(Call("handshake", "{\"contract\":" + number + ",\"client\":\"cli\",\"nonce\":\"" + clientNonce + "\",\"proof\":\"" + proof + "\"}")));
      string answer = ReadFrame() ?? "";
      if (answer.IndexOf("\"result\"", StringComparison.Ordinal) < 0) return answer;
      string theirs = ToHex(Hmac(token, Utf8("[\"kanade-tray\",\"agent\"," + facts)));
      if (answer.IndexOf("\"proof\":\"" + theirs + "\"", StringComparison.Ordinal) < 0) throw new IOException("who answers does not know the token");
      byte[] secret = Hmac(FromHex(agentNonce + clientNonce), token);
      writeKey = Expand(secret, "client [\"kanade-tray\",\"keys\"," + facts);
      readKey = Expand(secret, "agent [\"kanade-tray\",\"keys\"," + facts);
      return answer;
    }

    // Its answer, past whatever else comes.
    public string Ask(string method, string parameters) {
      Send(method, parameters);
      for (;;) {
        string text = Receive();
        if (text == null) throw new IOException("the agent has hung up");
        if (Regex.IsMatch(text, "\"id\"\\s*:\\s*" + lastId + "\\b")) return text;
      }
    }

    public string ShakeWithin(int ms) { return Within(() => Shake(), ms); }
    public string AskWithin(string method, string parameters, int ms) { return Within(() => Ask(method, parameters), ms); }

    static string Within(Func<string> work, int ms) {
      Task<string> task = Task.Run(work);
      try {
        if (!task.Wait(ms)) throw new IOException("the agent says nothing within " + ms + " ms");
      } catch (AggregateException error) {
        throw error.InnerException;
      }
      return task.Result;
    }

    public void Send(string method, string parameters) {
      WriteFrame(Utf8(Convert.ToBase64String(Seal(writeKey, written++, Utf8(Call(method, parameters))))));
    }

    // The next message, whatever it is; null: the agent has hung up.
    public string Receive() {
      string frame = ReadFrame();
      if (frame == null) return null;
      byte[] bytes = Convert.FromBase64String(frame);
      byte[] text = new byte[bytes.Length - 16];
      Array.Copy(bytes, text, text.Length);
      return Encoding.UTF8.GetString(Counter(readKey, read++, text));
    }

    string Call(string method, string parameters) {
      return "{\"jsonrpc\":\"2.0\",\"id\":" + (++lastId) + ",\"method\":\"" + method + "\",\"params\":" + parameters + "}";
    }

    void WriteFrame(byte[] body) {
      byte[] frame = new byte[4 + body.Length];
      for (int at = 0; at < 4; at++) frame[at] = (byte)(body.Length >> (8 * at));
      body.CopyTo(frame, 4);
      stream.Write(frame, 0, frame.Length);
      stream.Flush();
    }

    string ReadFrame() {
      byte[] head = ReadBytes(4);
      if (head == null) return null;
      byte[] body = ReadBytes(head[0] | head[1] << 8 | head[2] << 16 | head[3] << 24);
      return body == null ? null : Encoding.UTF8.GetString(body);
    }

    byte[] ReadBytes(int count) {
      byte[] bytes = new byte[count];
      for (int got = 0; got < count; ) {
        int more = stream.Read(bytes, got, count - got);
        if (more == 0) return null;
        got += more;
      }
      return bytes;
    }

    static byte[] Utf8(string text) { return new UTF8Encoding(false).GetBytes(text); }
    static string ToHex(byte[] bytes) { return BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant(); }
    static byte[] FromHex(string text) {
      byte[] bytes = new byte[text.Length / 2];
      for (int at = 0; at < bytes.Length; at++) bytes[at] = Convert.ToByte(text.Substring(2 * at, 2), 16);
      return bytes;
    }
    static byte[] Hmac(byte[] key, byte[] text) { using (HMACSHA256 hmac = new HMACSHA256(key)) return hmac.ComputeHash(text); }

    // HKDF, one block of it.
    static byte[] Expand(byte[] secret, string info) {
      List<byte> text = new List<byte>(Utf8(info));
      text.Add(1);
      return Hmac(secret, text.ToArray());
    }

    // AES-256-GCM without further data: the text in counter mode, and its tag.
    static byte[] Seal(byte[] key, ulong number, byte[] text) {
      byte[] secret = Counter(key, number, text);
      ulong high, low, hashHigh = 0, hashLow = 0;
      byte[] hashKey = Block(key, new byte[16]);
      high = Big(hashKey, 0);
      low = Big(hashKey, 8);
      for (int at = 0; at < secret.Length; at += 16) {
        byte[] block = new byte[16];
        Array.Copy(secret, at, block, 0, Math.Min(16, secret.Length - at));
        Multiply(ref hashHigh, ref hashLow, Big(block, 0), Big(block, 8), high, low);
      }
      Multiply(ref hashHigh, ref hashLow, 0, (ulong)secret.Length * 8, high, low);
      byte[] mask = Block(key, CounterBlock(number, 1));
      byte[] sealedText = new byte[secret.Length + 16];
      secret.CopyTo(sealedText, 0);
      for (int at = 0; at < 8; at++) {
        sealedText[secret.Length + at] = (byte)((hashHigh >> (56 - 8 * at)) ^ mask[at]);
        sealedText[secret.Length + 8 + at] = (byte)((hashLow >> (56 - 8 * at)) ^ mask[8 + at]);
      }
      return sealedText;
    }

    static byte[] Counter(byte[] key, ulong number, byte[] text) {
      byte[] counters = new byte[(text.Length + 15) / 16 * 16];
      for (int at = 0; at < counters.Length; at += 16) CounterBlock(number, (uint)(at / 16 + 2)).CopyTo(counters, at);
      byte[] stream = Block(key, counters);
      byte[] result = new byte[text.Length];
      for (int at = 0; at < text.Length; at++) result[at] = (byte)(text[at] ^ stream[at]);
      return result;
    }

    static byte[] CounterBlock(ulong number, uint count) {
      byte[] block = new byte[16];
      for (int at = 0; at < 8; at++) block[4 + at] = (byte)(number >> (56 - 8 * at));
      for (int at = 0; at < 4; at++) block[12 + at] = (byte)(count >> (24 - 8 * at));
      return block;
    }

    static byte[] Block(byte[] key, byte[] blocks) {
      using (Aes aes = Aes.Create()) {
        aes.Mode = CipherMode.ECB;
        aes.Padding = PaddingMode.None;
        aes.Key = key;
        using (ICryptoTransform encrypt = aes.CreateEncryptor()) return encrypt.TransformFinalBlock(blocks, 0, blocks.Length);
      }
    }

    static ulong Big(byte[] bytes, int from) {
      ulong value = 0;
      for (int at = 0; at < 8; at++) value = value << 8 | bytes[from + at];
      return value;
    }

    // The product of (hash xor block) and the key in GF(2^128).
    static void Multiply(ref ulong hashHigh, ref ulong hashLow, ulong high, ulong low, ulong keyHigh, ulong keyLow) {
      high ^= hashHigh;
      low ^= hashLow;
      hashHigh = 0;
      hashLow = 0;
      for (int bit = 0; bit < 128; bit++) {
        bool isSet = bit < 64 ? (high >> (63 - bit) & 1) == 1 : (low >> (127 - bit) & 1) == 1;
        if (isSet) { hashHigh ^= keyHigh; hashLow ^= keyLow; }
        bool carries = (keyLow & 1) == 1;
        keyLow = keyLow >> 1 | keyHigh << 63;
        keyHigh = keyHigh >> 1;
        if (carries) keyHigh ^= 0xE100000000000000UL;
      }
    }
  }
}
'@
